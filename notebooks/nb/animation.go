package nb

import (
	"os"
	"path/filepath"

	"github.com/seed-0772dd2d/ritz/figure"
)

// Animate shows frames 0 to n-1 as an animation that runs in a loop, perSecond
// of them a second, at most 50. It draws with a bar of progress; about 100
// frames of a field of 200 x 200 points make a megabyte. A figure without ranges
// of its own, ZMin and ZMax here, YMin and YMax of lines, takes them from each
// frame.
//
//	nb.Animate(60, 20, func(i int) figure.Panel {
//		nb.Check(solver.Advance(nb.Context(), 10))
//		nb.Check(solver.Read(stencil.Pressure, p))
//		return figure.Heatmap{X: x, Y: y, Z: p, Diverging: true, ZMin: -1, ZMax: 1}
//	})
func Animate(n int, perSecond float64, frame func(i int) figure.Panel) {
	AnimateSize(0, 0, n, perSecond, frame)
}

// AnimateSize is Animate with frames of this width and height, in inches; 0 is
// the default of the first. An inch has 96 pixels.
func AnimateSize(width, height float64, n int, perSecond float64, frame func(i int) figure.Panel) {
	ctx := Context() // before there is something to see
	folder := Must(os.MkdirTemp("", "ritz-animation-"))
	temporary.Store(folder, nil)
	defer func() { os.RemoveAll(folder); temporary.Delete(folder) }()
	path := filepath.Join(folder, "animation.gif")
	a := Must(figure.NewAnimation(path, width, height, perSecond))
	p := NewProgress("frames", n)
	for i := range n {
		if ctx.Err() != nil {
			fail("interrupted")
		}
		Check(a.Frame(frame(i)))
		p.Step()
	}
	Check(a.Close())
	p.Close()
	Check(std.picture("", "animation", ".gif", Must(os.ReadFile(path)), 1))
}
