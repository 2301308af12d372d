package surrogate

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
	"pgregory.net/rapid"
)

// Computed with 120 digits: z, log Φ, φ/Φ, log h, Φ/h, φ/h of h = φ + z Φ.
var normalTable = [][6]float64{
	{-1e8, -5000000000000019.34, 100000000.00000001, -5000000000000037.76, 100000000.00000002, 10000000000000003.0},
	{-1e4, -50000010.1292789152, 10000.000099999998, -50000019.3396193072, 10000.000199999994, 100000002.99999994},
	{-300, -45006.6227321186634, 300.003333259263374, -45012.3265368145542, 300.006666444461727, 90002.999933338518},
	{-38.5, -745.695270290411081, 38.5259390968544937, -749.347274207822922, 38.55184340493951, 1485.24597109017113},
	{-10, -53.2312851505124706, 10.098093233962512, -55.5531220361223559, 10.1943830334125533, 102.943830334125533},
	{-5, -15.0649983939887257, 5.18650396712584212, -16.7443011626609901, 5.36181624128808853, 27.8090812064404426},
	{-3.6, -8.74592363188739958, 3.84581328706342167, -10.1491066587973695, 4.06812834223234034, 15.6452620320364252},
	{-3.5, -8.36606530834409293, 3.75139126485769973, -9.74681003776538674, 3.97786295624094563, 14.9225203468433097},
	{-3.4, -7.99563754377665337, 3.65720432743509851, -9.35352200536152364, 3.88795946775947755, 14.2190621903822237},
	{-2, -3.78318433368203195, 2.37321553282284087, -4.76878352391711416, 2.67941688395558598, 6.35883376791117197},
	{-1, -1.84102164500926351, 1.52513527616098121, -2.48512102571264134, 1.90427123332969182, 2.90427123332969182},
	{0, -0.693147180559945309, 0.797884560802865356, -0.918938533204672742, 1.25331413731550025, 1.0},
	{0.5, -0.368946415288656393, 0.509160433837033486, -0.359827683745063819, 0.99092271800410996, 0.50453864099794502},
	{2, -0.0230129093289634885, 0.0552478626789899591, 0.697383545788228312, 0.486559318785283869, 0.0268813624294322628},
	{6, -9.86587645524375732e-10, 6.07588285581767645e-9, 1.7917594692541145, 0.166666666497892143, 1.01264714161082517e-9},
	{40, 0, 1.46327025083830318e-348, 3.6888794541139363, 0.025, 3.65817562709575795e-350},
}

func TestNormal(t *testing.T) {
	near := func(want, got float64, z float64) {
		t.Helper()
		require.LessOrEqual(t, math.Abs(got-want), 3e-14*max(math.Abs(want), 1e-9), "z = %g: want %v, got %v", z, want, got)
	}
	for _, row := range normalTable {
		z := row[0]
		value, slope := logNormal(z)
		near(row[1], value, z)
		near(row[2], slope, z)
		value, slope, density := logImprovement(z)
		near(row[3], value, z)
		near(row[4], slope, z)
		near(row[5], density, z)
	}
}

// The scores are what they are named after, by quadrature.
func TestScores(t *testing.T) {
	for _, test := range []struct{ mean, sd, best float64 }{{0, 1, 0}, {3, 0.5, 2}, {-1, 2, 4}, {100, 10, 70}, {1e-3, 1e-4, 0}} {
		improvement := func(power float64) float64 {
			// Over y = best - v, v > 0, as far as there is a density.
			reach := max(0, test.best-test.mean) + 12*test.sd
			return quad.Fixed(func(v float64) float64 {
				u := (test.best - v - test.mean) / test.sd
				return math.Pow(v, power) * math.Exp(-u*u/2) / (test.sd * math.Sqrt(2*math.Pi))
			}, 0, reach, 400, quad.Legendre{}, 0)
		}
		score, _, _ := ExpectedImprovement{}.Score(test.mean, test.sd, test.best)
		require.InEpsilon(t, improvement(1), math.Exp(score), 1e-12)
		score, _, _ = ProbabilityOfImprovement{}.Score(test.mean, test.sd, test.best)
		require.InEpsilon(t, improvement(0), math.Exp(score), 1e-12)
		margin, _, _ := ProbabilityOfImprovement{Margin: 0.25}.Score(test.mean, test.sd, test.best+0.25)
		require.InDelta(t, score, margin, 1e-12*(1+math.Abs(score)))
		score, _, _ = LowerConfidenceBound{}.Score(test.mean, test.sd, test.best)
		require.Equal(t, 2*test.sd-test.mean, score)
		score, _, _ = LowerConfidenceBound{Weight: 0.5}.Score(test.mean, test.sd, test.best)
		require.Equal(t, 0.5*test.sd-test.mean, score)
	}
}

// Where nothing is uncertain, only an improvement counts.
func TestScoresOfCertainty(t *testing.T) {
	for _, a := range []acquisition{ExpectedImprovement{}, ProbabilityOfImprovement{}} {
		for _, mean := range []float64{1, 2} {
			score, byMean, bySD := a.Score(mean, 0, 1)
			require.Equal(t, math.Inf(-1), score)
			require.Zero(t, byMean)
			require.Zero(t, bySD)
		}
	}
	score, _, _ := ExpectedImprovement{}.Score(-1, 0, 1)
	require.Equal(t, math.Log(2), score)
	score, _, _ = ProbabilityOfImprovement{}.Score(-1, 0, 1)
	require.Zero(t, score)
}

var acquisitions = []acquisition{ExpectedImprovement{}, ProbabilityOfImprovement{}, ProbabilityOfImprovement{Margin: 0.3}, LowerConfidenceBound{}}

// The slopes are those of central differences, from the body to the far tail.
func TestScoreSlopes(t *testing.T) {
	for _, a := range acquisitions {
		t.Run(fmt.Sprintf("%T", a), rapid.MakeCheck(func(t *rapid.T) {
			sd := math.Exp(rapid.Float64Range(-5, 5).Draw(t, "log sd"))
			mean := sd * rapid.Float64Range(-5, 60).Draw(t, "mean/sd")
			_, byMean, bySD := a.Score(mean, sd, 0)
			h := 1e-5 * sd
			at := func(mean, sd float64) float64 {
				s, _, _ := a.Score(mean, sd, 0)
				return s
			}
			rounding := 1e-15 * math.Abs(at(mean, sd)) / h
			wantMean, wantSD := (at(mean+h, sd)-at(mean-h, sd))/(2*h), (at(mean, sd+h)-at(mean, sd-h))/(2*h)
			require.InDelta(t, wantMean, byMean, 1e-7*(math.Abs(wantMean)+1/sd)+rounding)
			require.InDelta(t, wantSD, bySD, 1e-7*(math.Abs(wantSD)+1/sd)+rounding)
		}))
	}
}
