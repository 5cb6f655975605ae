package fake

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// compressAbove is the size in bytes above which a real server compresses an answer.
const compressAbove = 128 << 10

// respond writes a body of one piece, compressed if it is large and the client takes that.
func respond(w http.ResponseWriter, r *http.Request, code int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache, private")
	if takesGzip(r) {
		h.Add("Vary", "Accept-Encoding")
	}
	if len(body) > compressAbove && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(code)
		z := gzip.NewWriter(w)
		_, _ = z.Write(body) // the client went away
		_ = z.Close()
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) //nolint:gosec // no page; and if it fails, the client went away
}

// takesGzip tells whether the client names gzip among the encodings it takes.
func takesGzip(r *http.Request) bool {
	for encoding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(encoding, ";")
		if strings.TrimSpace(name) == "gzip" && strings.ReplaceAll(params, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// refuse answers with a Status, in a form that the client takes.
func refuse(w http.ResponseWriter, r *http.Request, status *metav1.Status) {
	if d := status.Details; d != nil && d.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(d.RetryAfterSeconds)))
	}
	f := errorForm(r.Header.Get("Accept"))
	status.Kind, status.APIVersion = "Status", "v1"
	body, err := f.encode(status)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	respond(w, r, int(status.Code), f.contentType(), body)
}

// respondOne answers with an object.
func respondOne(w http.ResponseWriter, r *request, f form, code int, o map[string]any) {
	body, err := f.encodeOne(o)
	if err != nil {
		refuse(w, r.Request, failed(err))
		return
	}
	respond(w, r.Request, code, f.contentType(), body)
}
