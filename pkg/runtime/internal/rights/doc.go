// Package rights knows what a program has to be allowed: it derives RBAC roles and admission policies from a plan, and asks the API
// server whether the program's account has the rights (SelfSubjectAccessReview).
package rights
