package job

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// check writes sizes, steps, resolution and memory.
func (t *stencilTask) check(w io.Writer) error {
	if err := t.prepareToRun(); err != nil {
		return err
	}
	device, err := t.checkDevice()
	if err != nil {
		return err
	}
	p := &t.settings
	g := p.Grid
	dx, dy := g.Spacing()
	fmt.Fprintf(w, "%s: %s\n\n", t.job.Name, t.job.Kind)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, form string, args ...any) { fmt.Fprintf(tab, "%s\t%s\n", name, fmt.Sprintf(form, args...)) }
	row("grid", "%d x %d points, spacing %.6g x %.6g", g.Nx, g.Ny, dx, dy)
	row("walls", "x = %.6g and %.6g, y = %.6g and %.6g: half a cell outside the points", -dx/2, g.Lx+dx/2, -dy/2, g.Ly+dy/2)
	speeds := fmt.Sprintf("%.6g", t.slowest)
	if t.fastest > t.slowest*(1+1e-9) {
		speeds = fmt.Sprintf("%.6g to %.6g", t.slowest, t.fastest)
	}
	row("speed", "%s", speeds)
	edges := t.layerEdges()
	var sides []string
	for k, side := range t.sides() {
		text := sideKeys[k] + " " + side.Kind.String()
		if side.Cells > 0 {
			text += fmt.Sprintf(" %d cells (%s %s %.6g)", side.Cells, sideKeys[k][:1], []string{"<", ">"}[k%2], edges[k])
		}
		sides = append(sides, text)
	}
	row("boundary", "%s", strings.Join(sides, ", "))
	row("order", "%d in space, 2 in time, %s", p.Order, t.job.Precision)
	row("dt", "%.8g; the largest stable one is %.8g", t.dt, t.limit)
	row("steps", "%d, to t = %.6g", t.allSteps, float64(t.allSteps)*t.dt)
	row("memory", "about %s", size(t.bytes()))
	if t.job.Device != "cpu" {
		if all, _ := p.DeviceMemory(); device != "cpu" {
			device += fmt.Sprintf(", about %s of its memory", size(all))
		}
		row("device", "%s", device)
	}
	tab.Flush()
	if len(t.sources) > 0 {
		fmt.Fprint(w, "\nsources\n")
		for _, src := range t.sources {
			fmt.Fprintf(w, "  %s at (%s, %s)", sourceWords[src.Field], format(src.X), format(src.Y))
			if src.frequency > 0 {
				fmt.Fprintf(w, ", %.3g points a wavelength at its frequency %.4g, %.3g at %.4g",
					t.wavelengths(src.frequency), src.frequency, t.wavelengths(src.highest), src.highest)
			}
			fmt.Fprintln(w)
		}
	}
	if n := len(t.receivers); n > 0 {
		fmt.Fprintf(w, "\nreceivers\n")
		for k, r := range t.receivers {
			if n > 12 && k == 5 {
				fmt.Fprintf(w, "  ... %d more\n", n-10)
			}
			if n <= 12 || k < 5 || k >= n-5 {
				fmt.Fprintf(w, "  %s at (%.6g, %.6g)\n", r.column, r.X, r.Y)
			}
		}
	}
	if t.recorded() {
		fmt.Fprintf(w, "\noutput every %d steps\n", t.interval())
	}
	return nil
}

// recorded tells whether a run writes anything as it goes.
func (t *stencilTask) recorded() bool {
	o := &t.output
	return len(o.animation) > 0 || len(o.snapshots) > 0 || o.energy
}

// prepareToRun is prepare, with a refusal of what the machine has too little memory
// for, if it tells how much it has: before anything is made where the grid alone
// is too much.
func (t *stencilTask) prepareToRun() error {
	if err := t.fits(); err != nil {
		return err
	}
	if err := t.prepare(); err != nil {
		return err
	}
	return t.fits()
}

func (t *stencilTask) fits() error {
	need, has := t.bytes(), totalMemory()
	if has == 0 || need <= has {
		return nil
	}
	if traces := t.traceBytes(); traces > need/2 {
		return fault(t.job.tree.get("receivers"), "receivers", fmt.Sprintf("%d receivers over %d steps want about %s of memory, this machine has %s",
			len(t.receivers), t.allSteps, size(traces), size(has)))
	}
	n := t.job.tree.get("grid").get("n")
	return fault(n, "grid.n", fmt.Sprintf("%.3g points want about %s of memory, this machine has %s",
		float64(t.settings.Grid.Cells()), size(need), size(has)))
}

func (t *stencilTask) traceBytes() int64 {
	return int64(min(8*float64(len(t.receivers))*float64(t.allSteps), 1<<60))
}

// bytes is about the memory of a run: the fields, their media and layers, what
// the job gives and the traces, which are known from the time step on. All else is known before
// anything is evaluated.
func (t *stencilTask) bytes() int64 {
	p := &t.settings
	g := p.Grid
	fields, given := 3, 0 // in the simulation, and as the job gives them
	density, modulus := t.density.varies(), t.modulus.varies() || t.speed.varies() || t.speed != nil && t.density.varies()
	if density || modulus || p.InnerFaces {
		fields = 6
	}
	for _, there := range []bool{density, modulus, t.initial[0] != nil, t.initial[1] != nil, t.initial[2] != nil} {
		if there {
			given++
		}
	}
	number := 8
	if p.Single {
		number = 4
	}
	margin := 2 * (p.Order - 1)
	bytes := int64(fields*number) * int64(g.Nx+margin) * int64(g.Ny+margin)
	for k, side := range t.sides() {
		if side.Kind == stencil.CPML {
			bytes += int64(2*number*side.Cells) * int64([2]int{g.Ny, g.Nx}[k/2])
		}
	}
	reads := 1 // fields as they are read
	if len(t.output.snapshots) > 0 {
		reads = len(t.output.fields)
	}
	bytes += 8 * int64(given+reads) * int64(g.Cells())
	return bytes + t.traceBytes()
}
