package pinn

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-0772dd2d/ritz/internal/optimize"
	"github.com/stretchr/testify/require"
)

// standing is an optimiser that only stands somewhere.
type standing struct {
	optimize.Method
	x []float64
}

func (s *standing) X() []float64      { return s.x }
func (s *standing) ObjectiveChanged() {}

// peaks is a problem whose residuals are known: of equation i, a peak of width
// 0.01 at the parameter ci.
func peaks(weight1, weight2 float64) *Problem {
	return &Problem{
		Domain: []Interval{{"x", 0, 1}}, Fields: []string{"u"},
		Parameters: map[string]float64{"c1": 0.2, "c2": 0.5},
		Ansatz:     map[string]string{"u": "1e-12*N"},
		Equations: []Equation{
			{"u = exp(-((x - c1)/0.01)^2)", weight1},
			{"u = exp(-((x - c2)/0.01)^2)", weight2},
		},
	}
}

// redrawn are the interior points that a training draws after a number of
// iterations, where it stands at parameters c1, c2.
func redrawn(t *testing.T, p *Problem, r Resample, seed uint64, iterations int, c1, c2 float64) []float64 {
	s := small(Stage{Optimizer: "adam", Iterations: 100})
	s.Points = Points{Interior: 100, Resample: r}
	s.Seed = seed
	trainer, err := New(p, s)
	require.NoError(t, err)
	theta := slices.Clone(trainer.state.Theta)
	copy(theta[len(theta)-2:], []float64{c1, c2})
	trainer.method = &standing{x: theta}
	trainer.state.Total = iterations
	require.NoError(t, trainer.redraw(t.Context()))
	require.NotSame(t, &trainer.placed[0][0], &trainer.interior.points[0][0])
	require.Equal(t, theta, trainer.Solution().theta, "the best so far on the new points")
	require.Equal(t, math.Inf(1), trainer.report("").Loss)
	return trainer.interior.points[0]
}

// near counts the points within 0.03 of c.
func near(points []float64, c float64) int {
	n := 0
	for _, x := range points {
		if math.Abs(x-c) < 0.03 {
			n++
		}
	}
	return n
}

// TestResampleFollowsTheResidual of the point where the training stands, not
// of that where the stage started.
func TestResampleFollowsTheResidual(t *testing.T) {
	sharp := Resample{Every: 5, Candidates: 20000, K: 2, C: 1e-6}
	for name, c := range map[string]struct {
		weight1, weight2 float64
		low, high        int // of the hundred points at the second peak, the others being at the first
	}{
		"equal weights":        {1, 1, 35, 65},
		"weight of the first":  {1e4, 1, 0, 2},
		"weight of the second": {1, 1e4, 98, 100},
		"ratio 4":              {1, 4, 68, 92}, // |r|² is weighted by 4, so 80 are expected
	} {
		t.Run(name, func(t *testing.T) {
			points := redrawn(t, peaks(c.weight1, c.weight2), sharp, 1, 5, 0.4, 0.8)
			require.Len(t, points, 100)
			second := near(points, 0.8)
			require.GreaterOrEqual(t, second, c.low)
			require.LessOrEqual(t, second, c.high)
			require.GreaterOrEqual(t, near(points, 0.4)+second, 98)
		})
	}
	t.Run("C spreads", func(t *testing.T) {
		points := redrawn(t, peaks(1, 1), Resample{Every: 5, Candidates: 20000, K: 1, C: 1e9}, 1, 5, 0.4, 0.8)
		require.Less(t, near(points, 0.4)+near(points, 0.8), 35, "12 are expected")
	})
}

// TestResampleDrawsDiffer by iteration and by seed, and by nothing else.
func TestResampleDrawsDiffer(t *testing.T) {
	r := Resample{Every: 5, Candidates: 1000}
	draw := func(seed uint64, iterations int) []float64 {
		return redrawn(t, peaks(1, 1), r, seed, iterations, 0.4, 0.8)
	}
	first := draw(1, 5)
	require.Equal(t, first, draw(1, 5))
	for name, other := range map[string][]float64{"iteration": draw(1, 10), "seed": draw(2, 5)} {
		for _, x := range other {
			require.NotContains(t, first, x, "the candidates are others, by "+name)
		}
	}
}

// TestResampleSchedule: the points change before iteration Every+1, 2 Every+1,
// ..., counted over all stages, and with them the best state starts anew.
func TestResampleSchedule(t *testing.T) {
	s := small(Stage{Optimizer: "adam", Iterations: 10, Rate: 0.05}, Stage{Optimizer: "lbfgs", Iterations: 12})
	s.Points.Resample = Resample{Every: 4, Candidates: 1000, K: 2, C: 1e-3}
	var trainer *Trainer
	var changed []int
	var points [][]float64
	lowest, best, everLowest, rose := math.Inf(1), []float64(nil), math.Inf(1), false
	s.Progress = func(now Progress) {
		if !slices.Equal(points[0], trainer.interior.points[0]) {
			changed = append(changed, now.Total)
			lowest = math.Inf(1)
		}
		points = trainer.interior.points
		if now.Loss < lowest {
			lowest, best = now.Loss, slices.Clone(trainer.method.X())
		}
		rose = rose || lowest > everLowest
		everLowest = min(everLowest, lowest)
		require.Equal(t, lowest, trainer.report("").Loss)
		require.Equal(t, best, trainer.Solution().theta)
	}
	trainer, err := New(testProblems["heat"].problem(), s)
	require.NoError(t, err)
	points = trainer.interior.points
	_, err = trainer.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{5, 9, 13, 17, 21}, changed)
	require.True(t, rose, "the loss on new points was above the lowest on old ones")
}

// TestResampleOnceWhereItStalls: new points are worth one more try, and if that
// stalls too the stage is over.
func TestResampleOnceWhereItStalls(t *testing.T) {
	stages := []Stage{{Optimizer: "adam", Iterations: 9}, {Optimizer: "lbfgs", Iterations: 9}, {Optimizer: "bfgs", Iterations: 9}}
	for name, c := range map[string]struct {
		every int
		want  []int // iterations
		drawn int
	}{
		"points stay":  {0, []int{1, 1, 1}, 0},
		"points drawn": {1000, []int{1, 2, 2}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := small(stages...)
			s.Points.Resample.Every = c.every
			trainer, err := New(noLoss(), s)
			require.NoError(t, err)
			report, err := trainer.Run(t.Context())
			require.NoError(t, err)
			for i, stage := range report.Stages {
				require.Equal(t, "stalled", stage.Stopped)
				require.Equal(t, c.want[i], stage.Iterations, "stage %d", i)
			}
			require.Equal(t, c.drawn, trainer.state.Drawn)
			require.Equal(t, c.every > 0, trainer.state.Points != nil)
		})
	}
}
