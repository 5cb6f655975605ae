// Package synthetic is an API server that has no data: it makes up Pods while it sends them. So a client can be
// shown a million objects by a machine that could not hold them in etcd. It knows what a client needs to find and
// watch Pods, and nothing else.
package synthetic
