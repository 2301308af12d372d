package stencil

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// spectrum is the magnitude of the Fourier transform of a signal of a few seconds.
func spectrum(s func(float64) float64, f float64) float64 {
	re, im := 0.0, 0.0
	const step = 5e-3
	for t := -1.0; t < 5; t += step {
		re += s(t) * math.Cos(2*math.Pi*f*t) * step
		im += s(t) * math.Sin(2*math.Pi*f*t) * step
	}
	return math.Hypot(re, im)
}

// peak is the frequency at which the spectrum of a signal is largest.
func peak(s func(float64) float64) float64 {
	best, at := 0.0, 0.0
	for f := 1.0; f < 4; f += 0.01 {
		if v := spectrum(s, f); v > best {
			best, at = v, f
		}
	}
	return at
}

func TestWavelets(t *testing.T) {
	const f = 2.0
	extremes := func(s func(float64) float64) (low, high float64) {
		for t := 0.0; t < 4; t += 1e-4 {
			low, high = min(low, s(t)), max(high, s(t))
		}
		return low, high
	}
	ricker := Ricker(f, 0)
	low, high := extremes(ricker)
	require.InDelta(t, 1, high, 1e-6)
	require.InDelta(t, -2*math.Exp(-1.5), low, 1e-6)
	require.Equal(t, 1.0, ricker(1.5/f))
	require.InDelta(t, -1e-8, ricker(0), 1e-9)
	require.InDelta(t, f, peak(ricker), 0.011)
	require.InDelta(t, 0, spectrum(ricker, 0), 1e-7)
	require.Equal(t, 1.0, Ricker(f, 0.3)(0.3))

	slope := GaussianDerivative(f, 0.9)
	low, high = extremes(slope)
	require.InDelta(t, 1, high, 1e-6)
	require.InDelta(t, -1, low, 1e-6)
	require.Zero(t, slope(0.9))
	require.Positive(t, slope(0.8)) // the Gaussian rises before it falls
	require.InDelta(t, f, peak(slope), 0.011)
	require.Zero(t, GaussianDerivative(f, 0)(1.5/f))

	burst := ToneBurst(f, 4) // 2 s long
	require.InDelta(t, f, peak(burst), 0.03)
	require.Zero(t, burst(-0.1))
	require.Zero(t, burst(2))
	require.Zero(t, burst(5))
	require.InDelta(t, 1, burst(1+0.25/f), 0.05) // the middle
	require.InDelta(t, 0.5, burst(0.5+0.25/f)/math.Sin(math.Pi/2), 0.2)
	require.InDelta(t, math.Sin(2*math.Pi*f*0.3)*math.Pow(math.Sin(math.Pi*0.3/2), 2), burst(0.3), 1e-12)
}

func TestSeries(t *testing.T) {
	s := Series([]float64{2, -1, 4}, 0.5)
	for time, want := range map[float64]float64{
		-0.1: 0, 0: 2, 0.25: 0.5, 0.5: -1, 0.75: 1.5, 1: 4, 1.001: 0, 1e300: 0, math.Inf(1): 0, math.NaN(): 0,
	} {
		require.InDelta(t, want, s(time), 1e-12, "%g", time)
	}
	require.Equal(t, 7.0, Series([]float64{7}, 1)(0))
	require.Zero(t, Series([]float64{7}, 1)(0.1))
	require.Zero(t, Series(nil, 1)(0))
	require.Zero(t, Series([]float64{1, 2}, 0)(0))
}

// The interpolations of a plane wave, between points, against what they promise:
// 0.13 % for the sinc function at four points a wavelength and more (Hicks 2002,
// table 1), second order for the bilinear one.
func TestInterpolation(t *testing.T) {
	worst := func(in Interpolation, points float64) (e float64) {
		for u := 0.0; u < 1; u += 0.01 {
			first, w := in.weights1(u)
			var re, im float64
			for k, c := range w {
				phase := 2 * math.Pi * (float64(first+k) - u) / points
				re, im = re+c*math.Cos(phase), im+c*math.Sin(phase)
			}
			e = max(e, math.Hypot(re-1, im))
		}
		return e
	}
	for points := 4.0; points < 40; points++ {
		require.Less(t, worst(Sinc, points), 1.35e-3, "%g points a wavelength", points)
	}
	require.InDelta(t, 0.08, worst(Sinc, 3), 0.005)
	require.InEpsilon(t, math.Pi*math.Pi/2/20/20, worst(Bilinear, 20), 0.01)
}
