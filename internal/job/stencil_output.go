package job

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/stencil"
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
	if err := w.snapshots(d, n); err != nil {
		return err
	}
	if w.frames != nil {
		p, err := w.read(stencil.Pressure)
		if err == nil {
			err = w.frames.append(p)
		}
		if err != nil {
			return err
		}
		w.state.Frames++
	}
	if o.energy {
		kinetic, potential, err := w.solver.Energy()
		if err != nil {
			return err
		}
		w.state.Energy = append(w.state.Energy, waveEnergy{n, kinetic, potential})
	}
	w.state.Recorded = n
	return nil
}

// snapshots writes the fields after n steps in each format.
func (w *stencilWork) snapshots(d *directory, n int) error {
	o := &w.task.output
	if len(o.snapshots) == 0 {
		return nil
	}
	for _, q := range o.fields {
		values, err := w.read(q)
		if err != nil {
			return err
		}
		for _, format := range o.snapshots {
			if err := d.stream(snapshotName(q, n, format), func(out io.Writer) error {
				return w.task.writeField(out, format, q, values, fieldTime(q, n, w.solver.Dt()))
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldTime is the time of a field after n steps: a velocity is half a step behind
// the pressure.
func fieldTime(q stencil.Quantity, n int, dt float64) float64 {
	if q == stencil.Pressure {
		return float64(n) * dt
	}
	return (float64(n) - 0.5) * dt
}

func snapshotName(q stencil.Quantity, step int, format string) string {
	return fmt.Sprintf("snapshots/%s_%06d.%s", [3]string{"p", "vx", "vy"}[q], step, format)
}

// writeField writes a field in the precision of the job.
func (t *stencilTask) writeField(w io.Writer, format string, q stencil.Quantity, values []float64, time float64) error {
	if !t.settings.Single {
		return writeNumbers(w, format, t.settings.Grid, q, values, time)
	}
	single := make([]float32, len(values))
	for k, v := range values {
		single[k] = float32(v)
	}
	return writeNumbers(w, format, t.settings.Grid, q, single, time)
}

func writeNumbers[T float32 | float64](w io.Writer, format string, g stencil.Grid, q stencil.Quantity, values []T, time float64) error {
	if format == "vti" {
		return writeVTI(w, g, q, values, time)
	}
	nx, ny, _, _ := shape(g, q)
	return npy.Write(w, []int{ny, nx}, values)
}

// finish writes what is of all steps so far: traces, energy, the times of the
// snapshots, and the pressure as it is.
func (w *stencilWork) finish(d *directory) (body *stencilBody, err error) {
	body, lost := w.body()
	if len(w.task.receivers) > 0 {
		if err = d.stream("receivers.csv", w.writeTraces); err == nil {
			err = d.stream("receivers.npy", w.writeTraceArray)
		}
	}
	if err == nil && w.task.output.energy {
		err = d.stream("energy.csv", w.writeEnergy)
	}
	if slices.Contains(w.task.output.snapshots, "vti") {
		for _, q := range w.task.output.fields {
			if err == nil {
				err = d.stream(indexName(q), func(out io.Writer) error { return w.writeTimes(out, q) })
			}
		}
	}
	if err == nil {
		err = lost
	}
	if err == nil {
		err = d.stream("pressure.npy", func(out io.Writer) error {
			return w.task.writeField(out, "npy", stencil.Pressure, w.values[stencil.Pressure], 0)
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

func indexName(q stencil.Quantity) string {
	return [3]string{"snapshots.pvd", "snapshots_vx.pvd", "snapshots_vy.pvd"}[q]
}

// writeTimes writes the index of the VTK files of a field for ParaView.
func (w *stencilWork) writeTimes(out io.Writer, q stencil.Quantity) error {
	b := bufio.NewWriter(out)
	b.WriteString("<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"1.0\" byte_order=\"LittleEndian\">\n  <Collection>\n")
	for n := 0; n <= w.state.Recorded; n += w.every {
		fmt.Fprintf(b, "    <DataSet timestep=\"%s\" file=\"%s\"/>\n", format(fieldTime(q, n, w.solver.Dt())), snapshotName(q, n, "vti"))
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
