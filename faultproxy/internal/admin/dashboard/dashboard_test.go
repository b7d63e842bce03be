package dashboard_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin/dashboard"
)

// parts are the files of the page.
func parts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("static/*")
	if err != nil || len(files) < 10 {
		t.Fatalf("static/*: %v, %v", files, err)
	}
	return files
}

func TestEveryPartIsServedWithThePolicy(t *testing.T) {
	paths := map[string]string{"/": "text/html"}
	mimes := map[string]string{".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
	for _, file := range parts(t) {
		paths["/dashboard/"+filepath.Base(file)] = mimes[filepath.Ext(file)]
	}
	h := dashboard.Handler()
	for path, mime := range paths {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || mime == "" || !strings.HasPrefix(got, mime) {
			t.Errorf("%s: %d, %q, want 200, %q", path, w.Code, got, mime)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: Content-Security-Policy %q", path, policy)
		}
	}
}

// TestPartsAreWhatThePolicyPermits looks for what a browser would not run, and for what
// would run what a frame carries.
func TestPartsAreWhatThePolicyPermits(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		".html": regexp.MustCompile(`(?i)\son[a-z]+=|\sstyle=|<style|<script>|https?://`),
		".js":   regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://`),
		".css":  regexp.MustCompile(`@import|url\(|https?://`),
	}
	for _, file := range parts(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bad := forbidden[filepath.Ext(file)]; bad != nil && bad.Match(text) {
			t.Errorf("%s has %q in it", file, bad.Find(text))
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, path := range []string{"/dashboard/../dashboard.go", "/dashboard/none.js", "/dashboard/%2e%2e/dashboard.go"} {
		w := httptest.NewRecorder()
		dashboard.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if body, _ := io.ReadAll(w.Body); w.Code == http.StatusOK {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// TestContrast holds the colours of the style sheet, light and dark, to WCAG 2.2: 4.5 for
// words (1.4.3), 3 for marks and the edges of controls (1.4.11).
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := regexp.MustCompile(`(?s)color-scheme: (\w+);(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	if len(themes) != 3 {
		t.Fatalf("%d themes, want light, dark as the system is, and dark by choice", len(themes))
	}
	words := [][2]string{
		{"ink", "page"}, {"ink", "panel"}, {"ink", "raised"}, {"ink", "chosen"}, {"muted", "page"}, {"muted", "panel"}, {"muted", "raised"}, {"muted", "chosen"},
		{"accent", "panel"}, {"accent-ink", "accent"}, {"bad", "panel"}, {"bad", "chosen"}, {"panel", "bad"}, {"page", "ink"}, {"fault", "panel"}, {"fault", "raised"}, {"end", "panel"}, {"end", "raised"}, {"pick", "panel"},
	}
	marks := [][2]string{{"data", "panel"}, {"data", "chosen"}, {"beat", "panel"}, {"beat", "chosen"}, {"lost", "panel"}, {"lost", "chosen"}, {"fault", "chosen"}, {"end", "chosen"}, {"edge", "panel"}, {"accent", "page"}}
	for _, theme := range themes {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--([\w-]+): #(\w{6});`).FindAllStringSubmatch(theme[2], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		hold := func(pairs [][2]string, least float64) {
			for _, pair := range pairs {
				a, known := colours[pair[0]]
				b, alsoKnown := colours[pair[1]]
				if !known || !alsoKnown {
					t.Fatalf("%s: no colours %v", theme[1], pair)
				}
				if ratio := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); ratio < least {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want %v", theme[1], pair[0], pair[1], ratio, least)
				}
			}
		}
		hold(words, 4.5)
		hold(marks, 3)
	}
	if themes[1][2] != themes[2][2] {
		t.Error("dark as the system is and dark by choice differ")
	}
}

// luminance is the relative one of an sRGB colour (WCAG 2.2, Definitions).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(fmt.Errorf("colour %s: %w", hex, err))
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			sum += weight * v / 12.92
		} else {
			sum += weight * math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return sum
}
