//go:build unix

package nb

import (
	"bytes"
	"encoding/gob"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

// kernel is the other end of the pipes of a cell, as in GoNB.
type kernel struct {
	environment []string

	mu    sync.Mutex
	shown []protocol.DisplayData
	first func() // called when something is displayed
}

func newKernel(t *testing.T) *kernel {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	require.NoError(t, syscall.Mkfifo(in, 0o600))
	require.NoError(t, syscall.Mkfifo(out, 0o600))
	k := &kernel{environment: []string{protocol.GONB_PIPE_ENV + "=" + in, protocol.GONB_PIPE_BACK_ENV + "=" + out}}
	// Read and write, so that opening does not wait for a cell that shows nothing.
	from, err := os.OpenFile(in, os.O_RDWR, 0)
	require.NoError(t, err)
	to, err := os.OpenFile(out, os.O_RDWR, 0)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- k.serve(from, to) }()
	t.Cleanup(func() {
		from.Close()
		to.Close()
		assert.ErrorIs(t, <-done, os.ErrClosed)
	})
	return k
}

// serve takes what is displayed and acknowledges each request to sync.
func (k *kernel) serve(from io.Reader, to io.Writer) error {
	d, e := gob.NewDecoder(from), gob.NewEncoder(to)
	for {
		var data protocol.DisplayData
		if err := d.Decode(&data); err != nil {
			return err
		}
		if v, ok := data.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
			if v.Address == protocol.GonbuiSyncAddress {
				if err := e.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value}); err != nil {
					return err
				}
			}
			continue
		}
		k.mu.Lock()
		k.shown = append(k.shown, data)
		if k.first != nil {
			k.first()
		}
		k.mu.Unlock()
	}
}

// last is what stands in the output of the cell: of what was displayed under
// one id only the last.
func (k *kernel) last() []protocol.DisplayData {
	k.mu.Lock()
	defer k.mu.Unlock()
	var stands []protocol.DisplayData
	place := map[string]int{}
	for _, data := range k.shown {
		if i, ok := place[data.DisplayID]; ok && data.DisplayID != "" {
			stands[i] = data
			continue
		}
		place[data.DisplayID] = len(stands)
		stands = append(stands, data)
	}
	return stands
}

func inNotebook(t *testing.T, k *kernel, dir, name string, environment ...string) cellRun {
	t.Helper()
	_, wait := start(t, dir, name, append(environment, k.environment...)...)
	return wait()
}

func TestNotebook(t *testing.T) {
	k := newKernel(t)
	dir := t.TempDir()
	require.NoError(t, figure.Save(filepath.Join(dir, "figure-1.png"), 2, 2, sine(0)))
	r := inNotebook(t, k, dir, "show everything")
	assert.Empty(t, r.stdout)
	assert.Empty(t, r.stderr)
	require.Zero(t, r.code)

	shown := k.last()
	require.Len(t, shown, 11)
	assert.Equal(t, "$u_t = 2 u_{xx}$", shown[0].Data[protocol.MIMETextMarkdown])
	assert.Equal(t, "100% sure", shown[1].Data[protocol.MIMETextMarkdown])
	assert.Equal(t, "<p>a &lt; <b>b</b></p>", shown[2].Data[protocol.MIMETextHTML])
	assert.Contains(t, shown[3].Data[protocol.MIMETextHTML], `<td style="text-align:right">0.01562</td>`)
	assert.Contains(t, shown[3].Data[protocol.MIMETextPlain], "inverse distance       21")
	assert.Contains(t, shown[5].Data[protocol.MIMETextHTML], "points 3/3, all after")
	assert.Contains(t, shown[7].Data[protocol.MIMETextHTML], "frames 4/4 after")
	assert.Contains(t, shown[8].Data[protocol.MIMETextHTML], `src="data:image/gif;base64,`)
	for i, width := range map[int]int{4: 4 * 96, 6: 0, 9: 2 * 96} { // a figure, a curve, a file
		data := shown[i].Data[protocol.MIMEImagePNG]
		require.IsType(t, []byte{}, data, i)
		c, err := png.DecodeConfig(bytes.NewReader(data.([]byte)))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"width": c.Width / 2}, shown[i].Metadata["image/png"])
		if width > 0 {
			assert.Equal(t, width, c.Width/2)
		}
	}
	assert.Contains(t, shown[10].Data[protocol.MIMETextPlain], "processors allowed")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, 1, "nothing new in the folder of the notebook")
}

// What moves is displayed again under one name, and stays as text or PNG.
func TestMovingOutput(t *testing.T) {
	k := newKernel(t)
	r := inNotebook(t, k, t.TempDir(), "show everything that moves")
	require.Zero(t, r.code, r.stderr)
	stands := k.last()
	require.Len(t, stands, 2)
	assert.Greater(t, len(k.shown), len(stands))
	for _, data := range k.shown {
		assert.NotEmpty(t, data.DisplayID)
	}
	assert.Contains(t, k.shown[0].Data[protocol.MIMETextHTML], `<progress value="0.000"`)
	assert.NotContains(t, stands[0].Data[protocol.MIMETextHTML], "<progress")
	assert.NotContains(t, stands[1].Data, protocol.MIMETextHTML)
}

func TestRunInNotebook(t *testing.T) {
	k := newKernel(t)
	r := inNotebook(t, k, t.TempDir(), "run text", theRitz(t))
	require.Zero(t, r.code, r.stderr)
	assert.Empty(t, r.stdout+r.stderr)
	shown := k.last()
	require.Len(t, shown, 3)
	assert.Contains(t, shown[0].Data[protocol.MIMETextHTML], "<pre>done: runs/heat-")
	assert.NotEmpty(t, shown[1].Data[protocol.MIMEImagePNG])
	assert.NotEmpty(t, shown[2].Data[protocol.MIMEImagePNG])
}

func init() {
	cells["train for hours"] = func() {
		RunText(strings.ReplaceAll(heat, "iterations: 20", "iterations: 100000000"), Options{Out: "out", Threads: 1})
	}
	cells["animate for hours"] = func() {
		AnimateSize(3, 2, 100000000, 10, func(i int) figure.Panel { return sine(float64(i)) })
	}
}

// A ritz that is killed, for want of memory perhaps, cannot say why.
func TestRitzKilled(t *testing.T) {
	for _, cell := range []string{"command", "run text"} {
		r := inTerminal(t, cell, saying(t, "kill")...)
		assert.Equal(t, 1, r.code)
		assert.Equal(t, "ritz: the program ritz ended: signal: killed\n", r.stderr)
	}
}

// The button that interrupts the kernel ends the cell, and its run keeps the
// best so far; the next cell goes on from there.
func TestInterrupt(t *testing.T) {
	ritz := theRitz(t)
	dir := t.TempDir()
	iterations := 0.0
	for _, cell := range []string{"train for hours", "resume"} {
		k := newKernel(t)
		r := interrupt(t, k, dir, cell, ritz)
		assert.Equal(t, "ritz: interrupted; go on with: nb.Resume(\"out\")\n", r.stderr)

		kept, err := readResult(filepath.Join(dir, "out"))
		require.NoError(t, err)
		assert.Equal(t, "stopped", kept.Status)
		assert.FileExists(t, kept.File("solution.json"))
		done, err := number(kept.numbers, "", "stages.0.iterations")
		require.NoError(t, err)
		assert.Greater(t, done, iterations)
		iterations = done
		assert.Contains(t, k.last()[0].Data[protocol.MIMETextHTML], "<pre>stopped: out\nloss ")
	}
}

// interrupt interrupts a cell as soon as it shows something.
func interrupt(t *testing.T, k *kernel, dir, cell string, environment ...string) cellRun {
	t.Helper()
	moving := make(chan struct{})
	k.mu.Lock()
	k.first = sync.OnceFunc(func() { close(moving) })
	k.mu.Unlock()
	cmd, wait := start(t, dir, cell, append(environment, k.environment...)...)
	select {
	case <-moving:
	case <-time.After(20 * time.Second):
		t.Fatal("the cell shows nothing")
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt)) // to this process only, as GoNB does
	r := wait()
	assert.Equal(t, 1, r.code)
	return r
}

// An animation that is interrupted leaves nothing behind.
func TestInterruptAnimation(t *testing.T) {
	dir := t.TempDir()
	r := interrupt(t, newKernel(t), dir, "animate for hours", "TMPDIR="+dir)
	assert.Equal(t, "ritz: interrupted\n", r.stderr)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
