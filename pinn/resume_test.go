package pinn

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// cancelling is a context that is cancelled from the k-th call of Err on; 0
// for never.
type cancelling struct {
	context.Context
	k, calls atomic.Int64
}

func cancelAt(ctx context.Context, k int) *cancelling {
	c := &cancelling{Context: ctx}
	c.k.Store(int64(k))
	return c
}

func (c *cancelling) Err() error {
	if k := c.k.Load(); c.calls.Add(1) >= k && k > 0 {
		return context.Canceled
	}
	return nil
}

// resumable runs every kind of optimiser and draws points anew in between.
func resumable() Settings {
	return Settings{
		Network: Network{Hidden: []int{6, 6}},
		Points:  Points{Interior: 100, Boundary: 8, Resample: Resample{Every: 7, Candidates: 200}},
		Train: []Stage{
			{Optimizer: "adam", Iterations: 10, Rate: 1e-2, Schedule: Schedule{Kind: "exponential"}},
			{Optimizer: "lbfgs", Iterations: 10},
			{Optimizer: "ssbroyden", Iterations: 12},
			{Optimizer: "bfgs", Iterations: 6, Objective: "sqrt"},
		},
		Seed: 3, Threads: 2,
	}
}

// stalling is a problem of one number k whose loss has its minimum, not zero,
// at the same k for all points: quasi-Newton methods come to it exactly, stall,
// are given new points, and stall at the first line search.
func stalling() *Problem {
	return &Problem{
		Domain: []Interval{{"x", 0, 1}}, Fields: []string{"u"},
		Parameters: map[string]float64{"k": 0.3},
		Ansatz:     map[string]string{"u": "x + 1e-300*N"},
		Equations:  []Equation{{Text: "k^2*u_x = 1"}, {Text: "k*u_x = 2"}, {Text: "u = 0"}},
	}
}

// cornered is a problem of one number k whose loss is not a number where it
// would fall, however small the step, so that every line search fails.
func cornered() *Problem {
	return &Problem{
		Domain: []Interval{{"x", 0, 1}}, Fields: []string{"u"},
		Parameters: map[string]float64{"k": 1e-30},
		Ansatz:     map[string]string{"u": "x + 1e-300*N"},
		Equations:  []Equation{{Text: "if(k < 1e-30, log(x - 5), k + u) = 0"}},
	}
}

// outcome is what a training leaves, but for the time it took.
type outcome struct {
	report *Report
	theta  []float64 // of the solution
	losses []float64 // after each iteration
}

// TestResume interrupts trainings anywhere, resumes them from checkpoints in
// fresh Trainers, and wants the bits of uninterrupted ones.
func TestResume(t *testing.T) {
	stall := resumable()
	stall.Network.Hidden = []int{1}
	stall.Train = []Stage{{Optimizer: "lbfgs", Iterations: 40}, {Optimizer: "ssbroyden", Iterations: 40}}
	stall.Points.Resample.Every = 1000
	for name, c := range map[string]struct {
		problem  *Problem
		settings Settings
	}{
		"every optimiser": {testProblems["heat"].problem(), resumable()},
		"stalls":          {stalling(), stall},
		"cornered":        {cornered(), stall},
	} {
		t.Run(name, func(t *testing.T) {
			// train goes on from the state, if there is one, and returns the
			// outcome, or the state where the context ended.
			train := func(ctx context.Context, state []byte, losses []float64) (outcome, []byte) {
				losses = slices.Clone(losses)
				s := c.settings
				s.Progress = func(now Progress) { losses = append(losses, now.Loss) }
				trainer, err := New(c.problem, s)
				require.NoError(t, err)
				if state != nil {
					require.NoError(t, trainer.UnmarshalBinary(state))
				}
				report, err := trainer.Run(ctx)
				report.Seconds, trainer.state.Seconds = 0, 0
				result := outcome{report, trainer.Solution().theta, losses}
				if err == nil {
					return result, nil
				}
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, "interrupted", report.Stages[len(report.Stages)-1].Stopped)
				state, err = trainer.MarshalBinary()
				require.NoError(t, err)
				return result, state
			}
			count := cancelAt(t.Context(), 0)
			want, state := train(count, nil, nil)
			require.Nil(t, state)
			calls := int(count.calls.Load())
			require.Greater(t, calls, 100)

			interruptions := 40
			if testing.Short() {
				interruptions = 8
			}
			for i := range interruptions {
				k := 1 + i*calls/interruptions
				half, state := train(cancelAt(t.Context(), k), nil, nil)
				require.NotNil(t, state, "cancelled at call %d of %d", k, calls)
				got, state := train(t.Context(), state, half.losses)
				require.Nil(t, state)
				require.Equal(t, want, got, "cancelled at call %d of %d", k, calls)
			}

			// again and again, a step being repeated until the calls suffice for it
			var part outcome
			times := 0
			for k := calls / 12; ; times++ {
				k += k / 8
				part, state = train(cancelAt(t.Context(), k), state, part.losses)
				if state == nil {
					break
				}
			}
			require.Greater(t, times, 3)
			require.Equal(t, want, part)
		})
	}
}

// TestResumeFromProgress: a checkpoint written by Progress is as good as one
// written after Run.
func TestResumeFromProgress(t *testing.T) {
	p, s := testProblems["heat"].problem(), resumable()
	var trainer *Trainer
	var states [][]byte
	s.Progress = func(Progress) {
		state, err := trainer.MarshalBinary()
		require.NoError(t, err)
		states = append(states, state)
	}
	trainer, err := New(p, s)
	require.NoError(t, err)
	want, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, states, 38)
	s.Progress = nil
	for k := 2; k < len(states); k += 5 {
		again, err := New(p, s)
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalBinary(states[k]))
		got, err := again.Run(t.Context())
		require.NoError(t, err)
		got.Seconds = want.Seconds
		require.Equal(t, want, got, "after iteration %d", k+1)
		require.Equal(t, trainer.Solution().theta, again.Solution().theta)
	}
	// Into a Trainer that has drawn points of its own, a state from before the
	// first draw: back to the points of the start.
	require.NoError(t, trainer.UnmarshalBinary(states[3]))
	require.Equal(t, 4, trainer.state.Total)
	got, err := trainer.Run(t.Context())
	require.NoError(t, err)
	got.Seconds = want.Seconds
	require.Equal(t, want, got, "restored into a trainer that is done")
}

// TestRunTwice: a finished training stays as it is, and an interrupted one goes
// on in the same Trainer.
func TestRunTwice(t *testing.T) {
	p, s := testProblems["heat"].problem(), resumable()
	straight, err := New(p, s)
	require.NoError(t, err)
	want, err := straight.Run(t.Context())
	require.NoError(t, err)
	again, err := straight.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, again)

	trainer, err := New(p, s)
	require.NoError(t, err)
	for k := 1; ; k += 10 {
		got, err := trainer.Run(cancelAt(t.Context(), k))
		if err == nil {
			got.Seconds = want.Seconds
			require.Equal(t, want, got)
			require.Equal(t, straight.Solution().theta, trainer.Solution().theta)
			return
		}
		require.ErrorIs(t, err, context.Canceled)
	}
}

// TestResumeAtTheEndOfAStage: a checkpoint taken by Progress in the iteration
// that reaches the tolerance must not lead to one iteration more.
func TestResumeAtTheEndOfAStage(t *testing.T) {
	p := testProblems["heat"].problem()
	s := small(Stage{Optimizer: "adam", Iterations: 1000, Rate: 1e-2, Tolerance: 0.1})
	var trainer *Trainer
	var state []byte
	s.Progress = func(now Progress) {
		var err error
		state, err = trainer.MarshalBinary()
		require.NoError(t, err)
	}
	trainer, err := New(p, s)
	require.NoError(t, err)
	want, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "tolerance", want.Stages[0].Stopped)
	again, err := New(p, s)
	require.NoError(t, err)
	require.NoError(t, again.UnmarshalBinary(state))
	got, err := again.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestCheckpointRefusesWhatDoesNotFit(t *testing.T) {
	p := testProblems["heat"].problem()
	one, err := New(p, resumable())
	require.NoError(t, err)
	state, err := one.MarshalBinary()
	require.NoError(t, err)
	s := resumable()
	s.Seed++
	other, err := New(p, s)
	require.NoError(t, err)
	require.ErrorIs(t, other.UnmarshalBinary(state), ErrCheckpoint)
	require.ErrorIs(t, other.UnmarshalBinary(state[:len(state)/2]), ErrCheckpoint)
	require.ErrorIs(t, other.UnmarshalBinary(nil), ErrCheckpoint)
}

// TestDamagedCheckpoint: with a byte changed, a checkpoint is refused or
// read; nothing panics, and the Trainer it was refused by is as before.
func TestDamagedCheckpoint(t *testing.T) {
	p, s := testProblems["heat"].problem(), resumable()
	trainer, err := New(p, s)
	require.NoError(t, err)
	_, err = trainer.Run(cancelAt(t.Context(), 200))
	require.ErrorIs(t, err, context.Canceled)
	state, err := trainer.MarshalBinary()
	require.NoError(t, err)
	other, err := New(p, s)
	require.NoError(t, err)
	refused, read := 0, 0
	for i := 0; i < len(state); i += 1 + len(state)/300 {
		damaged := slices.Clone(state)
		damaged[i] ^= 0xff
		err := other.UnmarshalBinary(damaged)
		if err == nil {
			read++
			other, err = New(p, s)
			require.NoError(t, err)
			continue
		}
		refused++
		require.ErrorIs(t, err, ErrCheckpoint)
		require.Nil(t, other.method)
		require.Zero(t, other.state.Total)
	}
	require.Greater(t, refused, 5)
	require.Greater(t, read, 5)
}
