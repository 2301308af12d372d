package optimize

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resum puts a right checksum under damaged data.
func resum(data []byte) []byte {
	if len(data) < 4 {
		return data
	}
	body := data[: len(data)-4 : len(data)-4]
	return binary.LittleEndian.AppendUint32(body, crc32.ChecksumIEEE(body))
}

func TestUnmarshalRefuses(t *testing.T) {
	eachMethod(t, func(t *testing.T, build func(Objective, []float64) Method) {
		m := build(objective(rosenbrock), rosenbrockStart(3))
		advance(t, m, 8)
		good := state(t, m)
		refused := func(data []byte, want string) {
			t.Helper()
			err := m.UnmarshalBinary(data)
			require.ErrorIs(t, err, ErrState)
			require.ErrorContains(t, err, want)
			require.Equal(t, good, state(t, m), "a refused state changes nothing")
		}
		refused(nil, "does not begin with")
		refused([]byte("ritz optimize 2\nadam"), "does not begin with")
		for cut := range len(good) {
			refused(good[:cut], "")
			refused(resum(good[:cut]), "")
		}
		for i := range good {
			damaged := append([]byte(nil), good...)
			damaged[i] ^= 0x10
			refused(damaged, "")
		}
		refused(resum(append(append([]byte(nil), good...), make([]byte, 8)...)), "bytes of numbers")

		// Counters, flags and the number of pairs come first.
		numbers := len(formatLine) + bytes.IndexByte(good[len(formatLine):], '\n') + 1
		for k := range 3 {
			damaged := append([]byte(nil), good...)
			binary.LittleEndian.PutUint64(damaged[numbers+8*k:], 1<<63+5)
			refused(resum(damaged), "out of range")
		}

		other := build(objective(rosenbrock), rosenbrockStart(4))
		refused(state(t, other), "dimension=4")
		require.NoError(t, m.UnmarshalBinary(good))
	})

	// Other settings, another method.
	a, err := NewSSBroyden(objective(rosenbrock), []float64{1, 2}, SSBroydenSettings{})
	require.NoError(t, err)
	b, err := NewSSBroyden(objective(rosenbrock), []float64{1, 2}, SSBroydenSettings{Update: "bfgs", Threads: 1})
	require.NoError(t, err)
	c, err := NewLBFGS(objective(rosenbrock), []float64{1, 2}, LBFGSSettings{})
	require.NoError(t, err)
	assert.ErrorContains(t, a.UnmarshalBinary(state(t, b)), "update=bfgs")
	assert.ErrorContains(t, a.UnmarshalBinary(state(t, c)), "lbfgs dimension=2 memory=20")

	// The number of threads is no part of the state.
	d, err := NewSSBroyden(objective(rosenbrock), []float64{1, 2}, SSBroydenSettings{Threads: 5})
	require.NoError(t, err)
	assert.NoError(t, d.UnmarshalBinary(state(t, a)))
}

// Whatever the data, a method refuses it or takes it and writes the same again;
// it never panics, then or in the next step.
func FuzzUnmarshal(f *testing.F) {
	names := []string{"adam", "lbfgs", "ssbroyden"}
	build := func(which byte) Method {
		m, err := builders[names[int(which)%len(names)]](objective(rosenbrock), rosenbrockStart(3))
		if err != nil {
			panic(err)
		}
		return m
	}
	for which := range names {
		m := build(byte(which))
		for range 9 {
			if _, err := m.Step(context.Background()); err != nil {
				f.Fatal(err)
			}
		}
		data, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(which), data)
		f.Add(byte(which+1), data)
		f.Add(byte(which), data[:len(data)/2])
	}
	f.Add(byte(0), []byte(formatLine))
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		for _, data := range [][]byte{data, resum(data)} {
			m := build(which)
			before := state(t, m)
			if err := m.UnmarshalBinary(data); err != nil {
				require.ErrorIs(t, err, ErrState)
				require.Equal(t, before, state(t, m))
				continue
			}
			require.Equal(t, data, state(t, m))
			_, _ = m.Step(context.Background())
		}
	})
}
