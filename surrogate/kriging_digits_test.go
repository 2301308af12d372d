package surrogate

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyDigits is Kriging of two inputs with the correlation Matérn 5/2 and a
// constant trend, in numbers of 300 bits: the solution c of
//
//	[R + nugget I  1] [c]   [y]
//	[1ᵀ            0] [β] = [0].
type manyDigits struct {
	x     [][2]*big.Float
	theta []float64
	c     []*big.Float
}

func digits(x float64) *big.Float        { return new(big.Float).SetPrec(300).SetFloat64(x) }
func product(a, b *big.Float) *big.Float { return digits(0).Mul(a, b) }
func minus(a, b *big.Float) *big.Float   { return digits(0).Sub(a, b) }
func over(a, b *big.Float) *big.Float    { return digits(0).Quo(a, b) }

// exponential is that of 2^-20 x by its series, squared twenty times.
func exponential(x *big.Float) *big.Float {
	x = digits(0).SetMantExp(x, -20)
	sum, term := digits(1), digits(1)
	for k := 1; k < 40; k++ {
		term = over(product(term, x), digits(float64(k)))
		sum.Add(sum, term)
	}
	for range 20 {
		sum = product(sum, sum)
	}
	return sum
}

func (m *manyDigits) correlation(a, b [2]*big.Float) *big.Float {
	sum, r := digits(0), digits(1)
	for l, theta := range m.theta {
		s := minus(a[l], b[l])
		s = product(s.Abs(s), product(digits(0).Sqrt(digits(5)), digits(theta)))
		sum.Sub(sum, s)
		p := over(product(s, s), digits(3))
		r = product(r, p.Add(p, s).Add(p, digits(1)))
	}
	return product(r, exponential(sum))
}

func newManyDigits(x, y []float64, theta []float64, nugget float64) *manyDigits {
	n := len(y)
	m := &manyDigits{theta: theta}
	a := make([][]*big.Float, n+1)
	for i := range n {
		m.x = append(m.x, [2]*big.Float{digits(x[2*i]), digits(x[2*i+1])})
		m.c = append(m.c, digits(y[i]))
		for j := range i {
			r := m.correlation(m.x[i], m.x[j])
			a[i] = append(a[i], r)
			a[j] = append(a[j], r)
		}
		a[i] = append(a[i], digits(0).Add(digits(1), digits(nugget)))
	}
	for i := range n {
		a[i], a[n] = append(a[i], digits(1)), append(a[n], digits(1))
	}
	a[n], m.c = append(a[n], digits(0)), append(m.c, digits(0))
	for k := range a { // Gaussian elimination
		for i := k + 1; i < len(a); i++ {
			f := over(a[i][k], a[k][k])
			for j := k; j < len(a); j++ {
				a[i][j] = minus(a[i][j], product(f, a[k][j]))
			}
			m.c[i] = minus(m.c[i], product(f, m.c[k]))
		}
	}
	for i := n; i >= 0; i-- {
		for j := i + 1; j <= n; j++ {
			m.c[i] = minus(m.c[i], product(a[i][j], m.c[j]))
		}
		m.c[i] = over(m.c[i], a[i][i])
	}
	return m
}

func (m *manyDigits) predict(at [2]*big.Float) *big.Float {
	n := len(m.x)
	s := digits(0).Set(m.c[n])
	for i, x := range m.x {
		s.Add(s, product(m.c[i], m.correlation(at, x)))
	}
	return s
}

func (m *manyDigits) slope(at [2]*big.Float, l int) float64 {
	h := digits(1e-25)
	up, down := at, at
	up[l], down[l] = digits(0).Add(at[l], h), minus(at[l], h)
	s, _ := over(minus(m.predict(up), m.predict(down)), product(digits(2), h)).Float64()
	return s
}

// A fitted model misses its observations by the nugget, not by rounding: with
// coefficients of 2e7 the mean is right to 1e-7 of values up to 300, and the
// gradient to as many digits.
func TestKrigingAgainstManyDigits(t *testing.T) {
	data := conformanceData(true)
	m := mustFit(t, Kriging{Starts: 2}, data).(*KrigingModel)
	h := m.Hyperparameters()
	y := make([]float64, len(m.obs.y))
	for i, v := range m.obs.y {
		y[i] = m.shift + m.unit*v
	}
	exact := newManyDigits(m.obs.x, y, h.Theta, h.Nugget)
	x := append(uniformPoints(5, 20, data.Lower, data.Upper), data.X[:2*6]...)
	mean, gradient := make([]float64, len(x)/2), make([]float64, len(x))
	require.NoError(t, m.Predict(x, mean))
	require.NoError(t, m.PredictGradient(x, gradient))
	for i, v := range mean {
		at := [2]*big.Float{digits(x[2*i]), digits(x[2*i+1])}
		want, _ := exact.predict(at).Float64()
		assert.InDelta(t, want, v, 3e-7, "point %d", i)
		for l := range 2 {
			want := exact.slope(at, l)
			assert.InDelta(t, want, gradient[2*i+l], 1e-7*(1+math.Abs(want)), "point %d, input %d", i, l)
		}
	}
}
