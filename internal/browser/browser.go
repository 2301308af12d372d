// Package browser is for tests of pages: a real Chromium, without a window.
package browser

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Open opens an empty page of that size until the end of the test. Where there is no
// Chromium the test is skipped, or fails with RITZ_REQUIRE_ENGINES=1.
func Open(t *testing.T, width, height int) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("RITZ_REQUIRE_ENGINES") == "1" {
			t.Fatal("no Chromium found, and RITZ_REQUIRE_ENGINES=1")
		}
		t.Skip("no Chromium found: the page is not tested in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.WindowSize(width, height))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	Do(t, ctx, chromedp.Navigate("about:blank"))
	return ctx
}

// Do acts in a page.
func Do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// See waits until a JavaScript expression is true in the page, at most so long.
func See(t *testing.T, ctx context.Context, expression string, patience time.Duration) {
	t.Helper()
	poll := chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))
	_, err := chromedp.Run(ctx, poll)
	for tries := 0; err != nil && tries < 10 && strings.Contains(err.Error(), "Cannot find context"); tries++ {
		_, err = chromedp.Run(ctx, poll) // the page before it was going away
	}
	if err != nil {
		body, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
		t.Fatalf("never true: %s (%v); the page says:\n%.3000s", expression, err, body)
	}
}
