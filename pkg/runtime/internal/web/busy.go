package web

import (
	"fmt"
	"net/http"
)

// Busy lets n requests run at a time, and answers 503 to more: each costs memory for as long as its client takes to read.
func Busy(n int, next http.Handler) http.Handler {
	slots := make(chan struct{}, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, fmt.Sprintf("as many requests for this path as are served at a time (%d) run already: try again", n), http.StatusServiceUnavailable)
		}
	})
}
