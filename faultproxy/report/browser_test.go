package report_test

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// A page opens in a real browser, in which nothing that peers said runs, nothing is
// fetched, and nothing is complained about.
func TestPageInChromium(t *testing.T) {
	path := realparts.Find(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	dir := t.TempDir()
	file, shot := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.png")
	doc := page(t, report.Page{Policy: &promise}, report.Named{Name: "outage", Viewer: outage(t)}, report.Named{Name: "attack", Viewer: attack(t)})
	// A script that the page's own policy must keep from running shows that it is in force.
	doc = strings.Replace(doc, "</body>", `<script>document.title="hacked"</script><img src="https://evil.example.test/x.png"></body>`, 1)
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--enable-logging=stderr", "--window-size=1000,1400", "--screenshot="+shot, "file://"+file)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	refused := 0
	for line := range strings.Lines(log.String()) {
		switch {
		case !strings.Contains(line, "CONSOLE"):
		case strings.Contains(line, "Content Security Policy"):
			refused++
		default:
			t.Errorf("the browser complains: %s", line)
		}
	}
	if refused != 2 {
		t.Errorf("%d of 2 intruders were refused by the page's policy\n%s", refused, log.String())
	}
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	colours := map[any]bool{}
	for y := 0; y < img.Bounds().Dy(); y += 3 {
		for x := 0; x < img.Bounds().Dx(); x += 3 {
			colours[img.At(x, y)] = true
		}
	}
	if len(colours) < 20 {
		t.Errorf("the page has %d colours: it is empty", len(colours))
	}
}
