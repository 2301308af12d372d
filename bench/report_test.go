package bench

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is a report with round numbers: a level "fast" ten times the portable
// one, two threads twice one.
func sample() *Report {
	r := &Report{Platform: "plan9/mips", Go: "go1", Levels: []string{"portable", "fast"}, Threads: 2, Spread: 0.03}
	for _, threads := range []int{1, 2} {
		for level, factor := range map[string]float64{"portable": 1, "fast": 10} {
			add := func(w Work, value float64) {
				w.Precision, w.Level, w.Threads = "float64", level, threads
				r.Results = append(r.Results, Result{Work: w, Value: value})
			}
			speed := factor * float64(threads)
			add(Work{Group: groupPeak, Name: peakName}, 4*speed)
			add(Work{Group: groupFunction, Name: tanhName}, 0.1*speed)
			add(Work{Group: groupProduct, Name: "square"}, 3*speed)
			// At 4 and 0.1: 2 ms + 1 ms.
			add(Work{Group: groupStep, Name: "step", Operations: 8e6, Activations: 1e5}, 6/speed)
			if level == "fast" {
				add(Work{Group: groupMemory, Name: "streaming"}, 7)
			}
		}
	}
	return r
}

func TestRelate(t *testing.T) {
	r := sample()
	r.relate()
	checked := 0
	for _, v := range r.Results {
		speedUp, scaling := 10.0, 2.0
		if v.Group == groupMemory {
			speedUp, scaling = 0, 1
		}
		if v.Level == "portable" {
			speedUp = 0
		}
		if v.Threads == 1 {
			scaling = 0
		}
		require.InDelta(t, speedUp, v.SpeedUp, 1e-12, "%+v", v)
		require.InDelta(t, scaling, v.Scaling, 1e-12, "%+v", v)
		switch v.Group {
		case groupProduct:
			require.InDelta(t, 0.75, v.OfPeak, 1e-12)
			checked++
		case groupStep:
			require.InDelta(t, v.Value/2, v.Floor, 1e-12)
			require.InDelta(t, 2, v.TimesFloor, 1e-12)
			checked++
		default:
			require.Zero(t, v.OfPeak+v.Floor+v.TimesFloor)
		}
	}
	require.Equal(t, 8, checked)
}

func TestWriteTables(t *testing.T) {
	r := sample()
	r.relate()
	var b strings.Builder
	require.NoError(t, r.WriteTables(&b))
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"plan9/mips, go1, 2 threads; a typical timing is 3 % over the best",
		"Peak: multiply-adds in registers, GFLOP/s threads portable fast speed-up threads/1",
		"multiply-add float64 1 4 40 10.00x",
		"multiply-add float64 2 8 80 10.00x 2.00x",
		"streaming float64 2 - 7 1.00x",
		"square float64 1 3 0.75 30 0.75 10.00x",
		"step float64 2 3 2.00 0.3 2.00 10.00x 2.00x",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "busy")

	for i := range r.Results {
		r.Results[i].Scaling = 1.2
	}
	b.Reset()
	require.NoError(t, r.WriteTables(&b))
	require.Contains(t, b.String(), "2 threads reach 1.20 times the peak of one: the machine is busy")
}
