package dashboard

import (
	"context"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/browser"
)

const testToken = "a-token-of-the-tests"

func open(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("the page is tested in a browser without -short")
	}
	return browser.Open(t, 1280, 800)
}

func see(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	browser.See(t, ctx, expression, 30*time.Second)
}

// serve runs the dashboard of a source.
func serve(t *testing.T, source Source, token string) string {
	t.Helper()
	server := httptest.NewUnstartedServer(Handler(source, Settings{Token: token, Version: "v0.1.0"}))
	stop, cancel := context.WithCancel(context.Background())
	server.Config.BaseContext = func(net.Listener) context.Context { return stop }
	server.Start()
	t.Cleanup(func() { cancel(); server.Close() })
	return server.URL
}

// evaluate is the value of an expression in the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return v
}

// TestPictures draws a day's cluster at the sizes of a laptop and a telephone,
// by day and by night, and looks for what a reader would trip over. With
// RITZ_PICTURES=DIR the pictures are kept.
func TestPictures(t *testing.T) {
	ctx := open(t)
	url := serve(t, scene(time.Now()), "")
	for _, c := range []struct {
		name          string
		width, height int64
		scheme        string
	}{
		{"wide-light", 1280, 800, "light"},
		{"wide-dark", 1280, 800, "dark"},
		{"tall-light", 1280, 1150, "light"},
		{"narrow-light", 390, 844, "light"},
		{"narrow-dark", 390, 844, "dark"},
	} {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.scheme}}})
		require.NoError(t, err)
		browser.Do(t, ctx, chromedp.EmulateViewport(c.width, c.height), chromedp.Navigate(url))
		see(t, ctx, `document.querySelectorAll('#jobs tbody tr').length === 4 && document.querySelectorAll('#workers tbody tr').length === 6`)
		see(t, ctx, `document.querySelector('#best svg path.line') !== null && document.querySelectorAll('#failures li').length === 3`)
		require.Equal(t, int(c.width), evaluate[int](t, ctx, `document.documentElement.scrollWidth`), "%s: nothing sticks out sideways", c.name)
		require.Greater(t, evaluate[int](t, ctx, `(() => { const c = document.getElementById('timeline-canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const s = new Set(); for (let i = 0; i < d.length; i += 4) s.add(d[i] << 16 | d[i+1] << 8 | d[i+2]); return s.size; })()`), 8, "%s: the task stream is drawn", c.name)
		if dir := os.Getenv("RITZ_PICTURES"); dir != "" {
			for suffix, shoot := range map[string]chromedp.Action[[]byte]{"": chromedp.CaptureScreenshot(), "-all": chromedp.FullScreenshot(100)} {
				picture, err := chromedp.Run(ctx, shoot)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, c.name+suffix+".png"), picture, 0o644))
			}
		}
	}
}
