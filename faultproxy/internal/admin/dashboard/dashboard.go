// Package dashboard is the page of the admin API: a live view of the connections of a
// proxy, with buttons to break them. It is plain HTML, CSS and JavaScript modules, all of
// it in the binary, and asks for nothing but the API it is served beside.
package dashboard

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed static
var files embed.FS

// policy lets the page load nothing from elsewhere, and run nothing that is not a file
// of its own: what frames carry is shown as text and could be anything.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at / and its parts below /dashboard/.
func Handler() http.Handler {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // of the embedded tree, which is there
	}
	parts := http.StripPrefix("/dashboard/", http.FileServerFS(static))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cache-Control", "no-cache")
		if r.URL.Path == "/" {
			http.ServeFileFS(w, r, static, "page.html")
			return
		}
		parts.ServeHTTP(w, r)
	})
}
