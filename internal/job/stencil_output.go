package job

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/seed-0772dd2d/ritz/internal/npy"
)

// open makes ready for output: from the start, or from where the checkpoint was.
func (w *stencilWork) open(d *directory) (err error) {
	o := &w.task.output
	if len(o.snapshots) > 0 {
		err = os.MkdirAll(d.file("snapshots"), 0o777)
	}
	if err == nil && len(o.animation) > 0 {
		w.frames, err = openFrames(d.file("animation.raw"), w.task.settings.Grid, w.state.Frames)
	}
	return err
}

func (w *stencilWork) close() error {
	if w.frames == nil {
		return nil
	}
	return w.frames.f.Close()
}

// record writes what there is to write after n steps, once.
func (w *stencilWork) record(d *directory, n int) error {
	o := &w.task.output
	if n%w.every != 0 || n <= w.state.Recorded || !w.task.recorded() {
		return nil
	}
	if len(o.snapshots) > 0 || w.frames != nil {
		p, err := w.read()
		if err != nil {
			return err
		}
		for _, format := range o.snapshots {
			if err := d.stream(snapshotName(n, format), func(out io.Writer) error {
				return w.task.writePressure(out, format, p, w.solver.Time())
			}); err != nil {
				return err
			}
		}
		if w.frames != nil {
			if err := w.frames.append(p); err != nil {
				return err
			}
			w.state.Frames++
		}
	}
	if o.energy {
		kinetic, potential := w.solver.Energy()
		w.state.Energy = append(w.state.Energy, waveEnergy{n, kinetic, potential})
	}
	w.state.Recorded = n
	return nil
}

func snapshotName(step int, format string) string {
	return fmt.Sprintf("snapshots/p_%06d.%s", step, format)
}

// writePressure writes a pressure in the precision of the job.
func (t *stencilTask) writePressure(w io.Writer, format string, p []float64, time float64) error {
	g := t.settings.Grid
	if !t.settings.Single {
		if format == "vti" {
			return writeVTI(w, g, "pressure", p, time)
		}
		return npy.Write(w, []int{g.Ny, g.Nx}, p)
	}
	single := make([]float32, len(p))
	for k, v := range p {
		single[k] = float32(v)
	}
	if format == "vti" {
		return writeVTI(w, g, "pressure", single, time)
	}
	return npy.Write(w, []int{g.Ny, g.Nx}, single)
}

// finish writes what is of all steps so far: traces, energy, the times of the
// snapshots, and the pressure as it is.
func (w *stencilWork) finish(d *directory) (*stencilBody, error) {
	body, err := w.body()
	if err == nil && len(w.task.receivers) > 0 {
		if err = d.stream("receivers.csv", w.writeTraces); err == nil {
			err = d.stream("receivers.npy", w.writeTraceArray)
		}
	}
	if err == nil && w.task.output.energy {
		err = d.stream("energy.csv", w.writeEnergy)
	}
	for _, format := range w.task.output.snapshots {
		if err == nil && format == "vti" {
			err = d.stream("snapshots.pvd", w.writeTimes)
		}
	}
	if err == nil {
		err = d.stream("pressure.npy", func(out io.Writer) error {
			return w.task.writePressure(out, "npy", w.pressure, 0)
		})
	}
	return body, err
}

// writeTraces writes a row a step: the time of the pressure, then each receiver;
// velocities are those of half a step before.
func (w *stencilWork) writeTraces(out io.Writer) error {
	b := bufio.NewWriter(out)
	b.WriteString("time")
	for _, r := range w.task.receivers {
		b.WriteString("," + r.column)
	}
	b.WriteByte('\n')
	var line []byte
	for n := range w.solver.Steps() {
		line = strconv.AppendFloat(line[:0], float64(n+1)*w.solver.Dt(), 'g', -1, 64)
		for k := range w.task.receivers {
			line = strconv.AppendFloat(append(line, ','), w.solver.Trace(k)[n], 'g', -1, 64)
		}
		if _, err := b.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return b.Flush()
}

// writeTraceArray writes the traces without the times, a row a step.
func (w *stencilWork) writeTraceArray(out io.Writer) error {
	steps, columns := w.solver.Steps(), len(w.task.receivers)
	data := make([]float64, 0, steps*columns)
	for n := range steps {
		for k := range columns {
			data = append(data, w.solver.Trace(k)[n])
		}
	}
	return npy.Write(out, []int{steps, columns}, data)
}

func (w *stencilWork) writeEnergy(out io.Writer) error {
	b := bufio.NewWriter(out)
	b.WriteString("step,time,kinetic,potential,total\n")
	for _, e := range w.state.Energy {
		line := strconv.AppendInt(nil, int64(e.Step), 10)
		for _, x := range []float64{float64(e.Step) * w.solver.Dt(), e.Kinetic, e.Potential, e.Kinetic + e.Potential} {
			line = strconv.AppendFloat(append(line, ','), x, 'g', -1, 64)
		}
		b.Write(append(line, '\n'))
	}
	return b.Flush()
}

// writeTimes writes the index of the VTK files for ParaView.
func (w *stencilWork) writeTimes(out io.Writer) error {
	b := bufio.NewWriter(out)
	b.WriteString("<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"1.0\" byte_order=\"LittleEndian\">\n  <Collection>\n")
	for n := 0; n <= w.state.Recorded; n += w.every {
		fmt.Fprintf(b, "    <DataSet timestep=\"%s\" file=\"%s\"/>\n", format(float64(n)*w.solver.Dt()), snapshotName(n, "vti"))
	}
	b.WriteString("  </Collection>\n</VTKFile>\n")
	return b.Flush()
}

// animate draws the animation once all frames are there.
func (w *stencilWork) animate(ctx context.Context, d *directory, body *stencilBody) error {
	if w.frames == nil {
		return nil
	}
	if err := w.frames.sync(); err != nil {
		return err
	}
	files, err := w.task.drawFrames(d, func(k, n int) error {
		w.progress(Progress{Stage: 1, Stages: 2, Name: "frames", Iteration: k, Iterations: n, Total: k, TotalMost: n, Seconds: d.seconds()})
		return ctx.Err()
	})
	body.Figures = files
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// ignoreMissing drops the error of a file that a run has not written.
func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
