// Package live asks the API server outside of the streams: it reads single objects and pages of lists.
package live
