package gputest

import (
	"math"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// values are bit patterns of a type, NaN left out: NaN is not equal to itself.
func values[T gpu.Element]() *rapid.Generator[T] {
	return rapid.Custom(func(t *rapid.T) T {
		bits := rapid.Uint64().Draw(t, "bits")
		v := *(*T)(unsafe.Pointer(&bits))
		if v != v {
			return 1
		}
		return v
	})
}

// testMemory writes, reads, fills and copies at random, in two buffers and on the host.
func testMemory[T gpu.Element](r *rig) {
	size := int(unsafe.Sizeof(T(0)))
	rapid.Check(r, func(t *rapid.T) {
		n := [2]int{rapid.IntRange(1, 300).Draw(t, "n"), rapid.IntRange(1, 300).Draw(t, "m")}
		var b [2]*gpu.Buffer
		var want [2][]T
		for i := range b {
			want[i] = rapid.SliceOfN(values[T](), n[i], n[i]).Draw(t, "values")
			b[i] = put(t, r.d, r.q, want[i])
			t.Cleanup(func() { assert.NoError(t, b[i].Close()) })
			assert.Equal(t, n[i]*size, b[i].Bytes())
		}
		// part is a part of buffer i, empty perhaps.
		part := func(t *rapid.T, i, most int) (first, count int) {
			first = rapid.IntRange(0, n[i]).Draw(t, "first")
			return first, rapid.IntRange(0, min(most, n[i]-first)).Draw(t, "count")
		}
		which := rapid.IntRange(0, 1)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				i := which.Draw(t, "buffer")
				first, count := part(t, i, n[i])
				src := rapid.SliceOfN(values[T](), count, count).Draw(t, "values")
				require.NoError(t, gpu.Write(r.q, b[i], first, src))
				copy(want[i][first:], src)
			},
			"read": func(t *rapid.T) {
				i := which.Draw(t, "buffer")
				first, count := part(t, i, n[i])
				dst := make([]T, count)
				require.NoError(t, gpu.Read(r.q, dst, b[i], first))
				assert.Equal(t, want[i][first:first+count], dst)
			},
			"fill": func(t *rapid.T) {
				i := which.Draw(t, "buffer")
				v := values[T]().Draw(t, "value")
				require.NoError(t, gpu.Fill(r.q, b[i], v))
				for k := range want[i] {
					want[i][k] = v
				}
			},
			"copy": func(t *rapid.T) {
				i := which.Draw(t, "buffer")
				from, count := part(t, i, n[i])
				to, count := part(t, 1-i, count)
				require.NoError(t, r.q.Copy(b[1-i], to*size, b[i], from*size, count*size))
				copy(want[1-i][to:], want[i][from:from+count])
			},
			"copy within": func(t *rapid.T) {
				i := which.Draw(t, "buffer")
				count := rapid.IntRange(0, n[i]/2).Draw(t, "count")
				from := rapid.IntRange(0, n[i]-2*count).Draw(t, "from")
				to := rapid.IntRange(from+count, n[i]-count).Draw(t, "to")
				require.NoError(t, r.q.Copy(b[i], to*size, b[i], from*size, count*size))
				copy(want[i][to:], want[i][from:from+count])
			},
			"": func(t *rapid.T) {
				for i := range b {
					assert.Equal(t, want[i], get[T](t, r.q, b[i], n[i]))
				}
			},
		})
	})
	assert.Equal(r, 1, r.d.Live(), "the queue")
}

// testLargeMemory moves megabytes, whose size is no power of two.
func testLargeMemory(r *rig) {
	const n = 1<<20 + 77
	want := make([]int64, n)
	for i := range want {
		want[i] = int64(i)*0x9E3779B97F4A7C + 1
	}
	b := put(r, r.d, r.q, want)
	assert.Equal(r, want, get[int64](r, r.q, b, n))
	c := put(r, r.d, r.q, make([]int64, n))
	require.NoError(r, r.q.Copy(c, 8, b, 16, (n-2)*8))
	got := get[int64](r, r.q, c, n)
	assert.Equal(r, append(append([]int64{0}, want[2:]...), 0), got)
	require.NoError(r, gpu.Fill(r.q, c, int64(0x0123456789ABCDEF)))
	for i, v := range get[int64](r, r.q, c, n) {
		require.EqualValues(r, 0x0123456789ABCDEF, v, i)
	}
}

// testBounds asks for what is outside of a buffer.
func testBounds(r *rig) {
	b := put(r, r.d, r.q, []int64{1, 2, 3})
	two := make([]int64, 2)
	for _, first := range []int{2, 3, 4, -1, math.MaxInt, math.MinInt, 1 << 61, 1<<61 + 1, -1 << 61} {
		assert.ErrorIs(r, gpu.Write(r.q, b, first, two), gpu.ErrArgument, first)
		assert.ErrorIs(r, gpu.Read(r.q, two, b, first), gpu.ErrArgument, first)
	}
	assert.NoError(r, gpu.Write(r.q, b, 3, two[:0]))
	assert.NoError(r, gpu.Read[int8](r.q, nil, b, 24))
	for _, c := range []struct{ to, from, bytes int }{
		{0, 8, 24}, {8, 0, 17}, {-1, 8, 1}, {0, -1, 1}, {16, 0, -8}, {0, math.MaxInt, 8}, {math.MaxInt, 0, math.MaxInt},
		{0, 8, 9}, {8, 0, 9}, {0, 0, 1}, // these overlap
	} {
		assert.ErrorIs(r, r.q.Copy(b, c.to, b, c.from, c.bytes), gpu.ErrArgument, c)
	}
	assert.NoError(r, r.q.Copy(b, 0, b, 0, 0))
	assert.ErrorIs(r, gpu.Write(r.q, nil, 0, two), gpu.ErrArgument)
	for _, n := range []int{0, -1, math.MinInt, math.MaxInt} {
		_, err := gpu.NewBuffer[int16](r.d, n)
		assert.ErrorIs(r, err, gpu.ErrArgument, n)
	}
	odd, err := gpu.NewBuffer[int8](r.d, 3)
	require.NoError(r, err)
	assert.ErrorIs(r, gpu.Fill(r.q, odd, int16(1)), gpu.ErrArgument)
	assert.Equal(r, []int64{1, 2, 3}, get[int64](r, r.q, b, 3))
}

// testTooMuch asks for more memory than there is. The device is as before.
func testTooMuch(r *rig) {
	_, err := gpu.NewBuffer[int8](r.d, int(r.d.Info().Memory)+1)
	require.ErrorIs(r, err, gpu.ErrMemory)
	var of *gpu.DriverError
	require.ErrorAs(r, err, &of)
	assert.Equal(r, r.d.Info().Backend, of.Backend)
	assert.NotZero(r, of.Code)
	assert.NotEmpty(r, of.Name)
	assert.NotEmpty(r, of.Call)
	assert.ErrorContains(r, err, of.Name)
	b := put(r, r.d, r.q, []int32{5, 6})
	assert.Equal(r, []int32{5, 6}, get[int32](r, r.q, b, 2))
	assert.Equal(r, 2, r.d.Live(), "the queue and the buffer")
}
