// Package launchertest is what every Launcher has to pass.
package launchertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/distributed/launch"
)

// Fixture is a launcher to be tested, of units that run until they are asked to leave.
type Fixture struct {
	// New makes a launcher with the settings of the one before: it takes over its units.
	New func(t *testing.T) launch.Launcher
	// Kill ends a unit from outside, as a machine that fails does.
	Kill func(t *testing.T, u launch.Unit)
}

// Run tests a launcher. make is called for each part of the suite.
func Run(t *testing.T, make func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*testing.T, Fixture){
		"scale": scale, "death": death, "adopt": adopt, "stop": stop, "refuse": refuse,
	} {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

// scale goes up and down; those that stay are the same, and the oldest.
func scale(t *testing.T, f Fixture) {
	l := f.New(t)
	defer end(t, l)
	require.NoError(t, l.Scale(t.Context(), 3))
	first := await(t, l, launch.Running, 3)
	require.NoError(t, l.Scale(t.Context(), 5))
	more := await(t, l, launch.Running, 5)
	assert.Equal(t, ids(first), ids(more)[:3])
	require.NoError(t, l.Scale(t.Context(), 2))
	assert.Equal(t, ids(first)[:2], ids(await(t, l, launch.Running, 2)))
	require.NoError(t, l.Scale(t.Context(), 0))
	await(t, l, launch.Running, 0)
	require.NoError(t, l.Scale(t.Context(), 1))
	again := await(t, l, launch.Running, 1)
	assert.NotContains(t, ids(more), again[0].ID, "a name is never used again")
}

// death is noticed, told of, and made good by Scale.
func death(t *testing.T, f Fixture) {
	l := f.New(t)
	defer end(t, l)
	require.NoError(t, l.Scale(t.Context(), 2))
	units := await(t, l, launch.Running, 2)
	f.Kill(t, units[0])
	all := awaitAll(t, l, func(all []launch.Unit) bool { return all[0].State == launch.Ended })
	assert.Equal(t, ids(units), ids(all))
	assert.NotEmpty(t, all[0].Why)
	require.NoError(t, l.Scale(t.Context(), 2))
	now := await(t, l, launch.Running, 2)
	assert.Equal(t, units[1].ID, now[0].ID)
	assert.NotContains(t, ids(units), now[1].ID)
	all, err := l.Units(t.Context())
	require.NoError(t, err)
	assert.Len(t, all, 2, "what has ended is forgotten by Scale")
}

// adopt finds with a second launcher the units of the first.
func adopt(t *testing.T, f Fixture) {
	first := f.New(t)
	require.NoError(t, first.Scale(t.Context(), 3))
	units := await(t, first, launch.Running, 3)
	second := f.New(t)
	defer end(t, second)
	assert.Equal(t, ids(units), ids(await(t, second, launch.Running, 3)))
	f.Kill(t, units[2])
	all := awaitAll(t, second, func(all []launch.Unit) bool { return all[2].State == launch.Ended })
	assert.NotEmpty(t, all[2].Why)
	require.NoError(t, second.Scale(t.Context(), 1))
	assert.Equal(t, ids(units)[:1], ids(await(t, second, launch.Running, 1)))
	await(t, first, launch.Running, 1) // which sees what the second has done
}

// stop leaves nothing.
func stop(t *testing.T, f Fixture) {
	l := f.New(t)
	require.NoError(t, l.Stop(t.Context()), "of nothing")
	require.NoError(t, l.Scale(t.Context(), 2))
	await(t, l, launch.Running, 2)
	require.NoError(t, l.Stop(t.Context()))
	units, err := l.Units(t.Context())
	require.NoError(t, err)
	assert.Empty(t, units)
}

func refuse(t *testing.T, f Fixture) {
	l := f.New(t)
	for _, n := range []int{-1, launch.MaxUnits + 1} {
		assert.ErrorIs(t, l.Scale(t.Context(), n), launch.ErrScale)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	require.NoError(t, l.Scale(t.Context(), 1))
	await(t, l, launch.Running, 1)
	if err := l.Stop(ctx); err != nil { // else it was fast enough
		assert.ErrorIs(t, err, gone)
	}
	units, err := l.Units(t.Context())
	require.NoError(t, err)
	assert.Empty(t, units)
}

func end(t *testing.T, l launch.Launcher) {
	assert.NoError(t, l.Stop(context.WithoutCancel(t.Context())))
}

func ids(units []launch.Unit) (ids []string) {
	for _, u := range units {
		ids = append(ids, u.ID)
	}
	return ids
}

// await waits until n units, and no other, are in a state, and returns them.
func await(t *testing.T, l launch.Launcher, s launch.State, n int) (in []launch.Unit) {
	awaitAll(t, l, func(all []launch.Unit) bool {
		in = nil
		for _, u := range all {
			if u.State == s {
				in = append(in, u)
			}
		}
		return len(in) == n && (n > 0 || len(all) == 0)
	})
	return in
}

func awaitAll(t *testing.T, l launch.Launcher, ready func([]launch.Unit) bool) []launch.Unit {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for {
		units, err := l.Units(t.Context())
		require.NoError(t, err)
		if ready(units) {
			return units
		}
		select {
		case <-tick.C:
		case <-late:
			require.Fail(t, "not within a minute", fmt.Sprint(units))
		}
	}
}
