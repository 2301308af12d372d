package notebooks

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/browser"
	"github.com/seed-0772dd2d/ritz/notebooks/nb"
)

// TestLab opens a notebook in JupyterLab in a browser without a window, runs
// its cells by clicking, and looks at what a person would see. With
// RITZ_PICTURES=DIR the picture is kept.
func TestLab(t *testing.T) {
	needKernel(t)
	if _, err := exec.LookPath("jupyter-lab"); err != nil {
		lacking(t, "missing: JupyterLab: python3 -m pip install jupyterlab")
	}
	page := browser.Open(t, 1280, 900)
	dir := t.TempDir()
	write(t, dir, imports,
		"%%\nx := []float64{0, 1, 2, 3}\nnb.ShowSize(figure.Heatmap{X: x, Y: x, Z: []float64{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6}}, 5, 4)",
		"%%\np := nb.NewProgress(\"points\", 2)\np.Step()\np.Step()\np.Close()\nnb.Markdown(\"$u_t = u_{xx}$\")",
		"%%\nnb.RunText(\"ritz: 1\\nkind: pinn\\nnam: x\\n\")",
		"%%\nnb.RunText(`"+training+"`, nb.Options{Out: \"out\", Threads: 1})",
		"%%\nnb.Resume(\"out\")",
	)
	server := lab(t, dir)
	browser.Do(t, page, chromedp.Navigate("http://"+server+"/lab/tree/notebook.ipynb?token="+labToken))
	see(t, page, `document.querySelectorAll('.jp-Notebook .jp-CodeCell').length === 6`)
	see(t, page, `fetch('/api/kernels').then(r => r.json()).then(k => k.length === 1 && k[0].connections === 1)`)
	run := func() { // the cell that is active; the next one is then
		browser.Do(t, page, chromedp.Click(`[data-command="notebook:run-cell-and-select-next"]`))
	}
	for i := range 4 {
		run()
		see(t, page, fmt.Sprintf(`document.querySelectorAll('.jp-InputPrompt')[%d].innerText !== '[ ]:'`, i))
	}

	see(t, page, `document.querySelector('.jp-RenderedImage img')?.naturalWidth === 960`)
	see(t, page, `[...document.querySelectorAll('.jp-OutputArea-output')].some(o => o.innerText.includes('points 2/2 after'))`)
	see(t, page, `document.querySelector('.jp-RenderedMarkdown.jp-OutputArea-output mjx-container, .jp-RenderedMarkdown.jp-OutputArea-output .MathJax') !== null`)
	see(t, page, `[...document.querySelectorAll('.jp-OutputArea-output')].some(o => o.innerText.includes('job:3:1: unknown key "nam": did you mean "name"?'))`)
	see(t, page, `[...document.querySelectorAll('.jp-OutputArea-output')].some(o => o.innerText.includes('the program of this cell ended with exit status 1'))`)
	see(t, page, `!document.querySelector('.jp-Notebook').innerText.includes('goroutine')`)

	see(t, page, `(() => { document.querySelector('.jp-RenderedImage img').scrollIntoView({block: 'center'}); return true })()`)
	shot, err := chromedp.Run(page, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	if dir := os.Getenv("RITZ_PICTURES"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "lab.png"), shot, 0o666))
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	// Viridis, from the lowest value to the highest.
	assert.Greater(t, pixels(picture, color.RGBA{68, 1, 84, 255}), 500)
	assert.Greater(t, pixels(picture, color.RGBA{253, 231, 37, 255}), 500)

	// A training moves, and the button that interrupts the kernel stops it; the
	// next cell takes it to its end.
	run()
	moving := `document.querySelector('.jp-OutputArea img[src^="data:image/svg+xml"]')?.src`
	see(t, page, `document.querySelector('.jp-OutputArea progress')?.value > 0`)
	see(t, page, `(window.curve = `+moving+`) !== undefined`)
	see(t, page, `(src => src !== undefined && src !== window.curve)(`+moving+`)`)
	see(t, page, `/ processors busy, \d+ MB$/.test(document.querySelector('.jp-OutputArea progress').parentElement.innerText.trim())`)
	browser.Do(t, page, chromedp.Click(`[data-command="notebook:interrupt-kernel"]`))
	see(t, page, `document.querySelector('.jp-Notebook').innerText.includes('ritz: interrupted; go on with: nb.Resume("out")')`)
	require.FileExists(t, filepath.Join(dir, "out", "result.json"))
	kept := nb.Open(filepath.Join(dir, "out"))
	assert.Equal(t, "stopped", kept.Status)
	assert.Less(t, kept.Number("stages.0.iterations"), 30000.0)
	assert.LessOrEqual(t, kept.Number("loss"), slices.Min(kept.Columns("history.csv")["loss"]), "the best so far")
	assert.FileExists(t, kept.File("solution.json"))
	run()
	see(t, page, `document.querySelector('.jp-Notebook').innerText.includes('done: out')`)
	done := nb.Open(filepath.Join(dir, "out"))
	assert.Equal(t, "done", done.Status)
	assert.Equal(t, 30000.0, done.Number("stages.0.iterations"))
	assert.LessOrEqual(t, done.Number("loss"), kept.Number("loss"))
	see(t, page, `!document.querySelector('.jp-Notebook').innerText.includes('goroutine')`)
}

// pixels counts those of about this colour.
func pixels(m image.Image, want color.RGBA) (n int) {
	near := func(a uint32, b uint8) bool { d := int(a>>8) - int(b); return d > -12 && d < 12 }
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			if near(r, want.R) && near(g, want.G) && near(b, want.B) {
				n++
			}
		}
	}
	return n
}

// training takes ten seconds.
const training = `
ritz: 1
kind: pinn
name: heat
domain: {t: [0, 1], x: [0, 1]}
fields: [u]
equations: [u_t = 0.1*u_xx]
conditions: [u = sin(pi*x) at t=0, u = 0 at x=0, u = 0 at x=1]
network: {hidden: [16, 16]}
points: {interior: 1000}
train: [{adam: {iterations: 30000}}]
`

const labToken = "a-token-of-the-tests"

// lab starts JupyterLab in a folder, apart from what the user has set, and
// returns its address.
func lab(t *testing.T, dir string) string {
	t.Helper()
	own := t.TempDir()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	require.NoError(t, free.Close())
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "jupyter-lab", "--no-browser", "--allow-root",
		"--ServerApp.ip=127.0.0.1", "--ServerApp.port="+port, "--ServerApp.port_retries=0",
		"--ServerApp.root_dir="+dir, "--IdentityProvider.token="+labToken,
		"--LabApp.news_url=None", "--LabApp.extension_manager=readonly",
		"--LabApp.workspaces_dir="+filepath.Join(own, "workspaces"), "--LabApp.user_settings_dir="+filepath.Join(own, "settings"))
	cmd.Env = append(os.Environ(), "JUPYTER_CONFIG_DIR="+filepath.Join(own, "config"), "JUPYTER_RUNTIME_DIR="+filepath.Join(own, "runtime"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // which ends its kernels too
	cmd.WaitDelay = 20 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-ended
		// A kernel has the folder of its connection among its arguments.
		assert.NotContains(t, processes(t), filepath.Join(own, "runtime"), "no kernel is left")
		if t.Failed() {
			t.Logf("JupyterLab said:\n%s", said.String())
		}
	})
	deadline := time.After(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if response, err := http.Get("http://" + address + "/api"); err == nil {
			response.Body.Close()
			return address
		}
		select {
		case <-tick.C:
		case err := <-ended:
			ended <- err
			t.Fatalf("JupyterLab ended: %v\n%s", err, said.String())
		case <-deadline:
			t.Fatal("JupyterLab does not start")
		}
	}
}

// processes are the arguments of those that run.
func processes(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-ww", "-o", "args=").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), filepath.Base(os.Args[0]), "this one")
	return string(out)
}

func see(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	browser.See(t, ctx, expression, time.Minute)
}
