package gputest

import (
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
)

// triple does on the host what the kernel does.
func triple(x []uint32, c uint32, rounds int) {
	for i := range x {
		for range rounds {
			x[i] = 3*x[i] + c
		}
	}
}

// testOrder puts many things into a queue that do not commute.
func testOrder(r *rig) {
	k := r.kernel("triple")
	const n = 100
	rapid.Check(r, func(t *rapid.T) {
		want := []([]uint32){make([]uint32, n), make([]uint32, n)}
		b := []*gpu.Buffer{put(t, r.d, r.q, want[0]), put(t, r.d, r.q, want[1])}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			i, c := rapid.IntRange(0, 1).Draw(t, "buffer"), rapid.Uint32().Draw(t, "c")
			switch rapid.SampledFrom([]string{"launch", "launch", "launch", "copy", "fill", "write", "flush"}).Draw(t, "step") {
			case "launch":
				rounds := rapid.IntRange(0, 5).Draw(t, "rounds")
				launch(t, r.q, k, gpu.Over(n, 32), gpu.Mem(b[i]), gpu.Uint(c), gpu.Int(int32(rounds)), gpu.Int(n))
				triple(want[i], c, rounds)
			case "copy":
				require.NoError(t, r.q.Copy(b[1-i], 0, b[i], 4, 4*(n-1)))
				copy(want[1-i], want[i][1:])
			case "fill":
				require.NoError(t, gpu.Fill(r.q, b[i], c))
				for k := range want[i] {
					want[i][k] = c
				}
			case "write":
				require.NoError(t, gpu.Write(r.q, b[i], 7, []uint32{c}))
				want[i][7] = c
			case "flush":
				require.NoError(t, r.q.Flush())
			}
		}
		for i := range b {
			assert.Equal(t, want[i], get[uint32](t, r.q, b[i], n))
			require.NoError(t, b[i].Close())
		}
	})
}

// testTwoQueues runs two queues of a device in turns, and hands a buffer from one to
// the other.
func testTwoQueues(r *rig) {
	k := r.kernel("triple")
	other, err := r.d.NewQueue()
	require.NoError(r, err)
	queues := []*gpu.Queue{r.q, other}
	const n, rounds = 1000, 100
	var b [2]*gpu.Buffer
	want := [2][]uint32{make([]uint32, n), make([]uint32, n)}
	for i, q := range queues {
		b[i] = put(r, r.d, q, want[i])
	}
	for step := range uint32(20) {
		for i, q := range queues {
			c := step + uint32(i)
			launch(r, q, k, gpu.Over(n, 64), gpu.Mem(b[i]), gpu.Uint(c), gpu.Int(rounds), gpu.Int(n))
			triple(want[i], c, rounds)
		}
	}
	done, err := r.q.Record()
	require.NoError(r, err)
	require.NoError(r, done.Wait())
	launch(r, other, k, gpu.Over(n, 64), gpu.Mem(b[0]), gpu.Uint(1), gpu.Int(1), gpu.Int(n))
	triple(want[0], 1, 1)
	for i := range b {
		assert.Equal(r, want[i], get[uint32](r, other, b[i], n))
	}
	r.close(other, done)
}

// testEvents asks for times. They are not negative, add up, and are within the time
// that the host has seen.
func testEvents(r *rig) {
	k := r.kernel("triple")
	const n, rounds = 1000, 1 << 18
	b := put(r, r.d, r.q, make([]uint32, n))
	require.NoError(r, r.q.Wait())
	begin := time.Now()
	var events []*gpu.Event
	record := func() {
		e, err := r.q.Record()
		require.NoError(r, err)
		events = append(events, e)
	}
	record()
	for range 3 {
		launch(r, r.q, k, gpu.Over(n, 64), gpu.Mem(b), gpu.Uint(1), gpu.Int(rounds), gpu.Int(n))
		record()
	}
	total, err := events[3].Since(events[0])
	require.NoError(r, err)
	seen := time.Since(begin)
	assert.Positive(r, total)
	assert.LessOrEqual(r, total, seen+seen/100+time.Millisecond)
	var sum time.Duration
	for i := range 3 {
		part, err := events[i+1].Since(events[i])
		require.NoError(r, err)
		assert.GreaterOrEqual(r, part, time.Duration(0))
		sum += part
	}
	assert.InDelta(r, total, sum, float64(total/1000+10*time.Microsecond)) // times are rounded
	none, err := events[2].Since(events[2])
	require.NoError(r, err)
	assert.Zero(r, none)

	want := []uint32{0}
	triple(want, 1, 3*rounds)
	assert.Equal(r, want[0], get[uint32](r, r.q, b, n)[n-1])
	for _, e := range events {
		r.close(e)
	}
	assert.Equal(r, 3, r.d.Live(), "the queue, the module, the buffer")
}

// testGoroutines uses one device and one kernel from many goroutines.
func testGoroutines(r *rig) {
	shared := r.kernel("triple")
	live := r.d.Live()
	var all sync.WaitGroup
	for g := range uint32(8) {
		all.Go(func() {
			q, err := r.d.NewQueue()
			if !assert.NoError(r, err) {
				return
			}
			k := shared
			if g%4 == 0 {
				m, err := r.d.Compile(kernels.Triple)
				if !assert.NoError(r, err) {
					return
				}
				defer func() { assert.NoError(r, m.Close()) }()
				if k, err = m.Kernel("triple"); !assert.NoError(r, err) {
					return
				}
			}
			for round := range uint32(20) {
				n := int(10 + g)
				want := make([]uint32, n)
				b, err := gpu.NewBuffer[uint32](r.d, n)
				if !assert.NoError(r, err) {
					return
				}
				assert.NoError(r, gpu.Fill(q, b, g))
				for i := range want {
					want[i] = g
				}
				for c := range uint32(10) {
					assert.NoError(r, q.Launch(k, gpu.Over(n, 8), gpu.Mem(b), gpu.Uint(c+round), gpu.Int(3), gpu.Int(int32(n))))
					triple(want, c+round, 3)
				}
				got := make([]uint32, n)
				assert.NoError(r, gpu.Read(q, got, b, 0))
				assert.Equal(r, want, got)
				assert.NoError(r, b.Close())
			}
			assert.NoError(r, q.Close())
		})
	}
	all.Wait()
	assert.Equal(r, live, r.d.Live())
}

// testTwoDevices uses two devices in turns, and one after the other is closed.
func testTwoDevices(r *rig) {
	k := r.kernel("triple")
	other := start(r.T, r.open, r.Options)
	third := r.open(r)
	k2 := other.kernel("triple")
	k3 := compile(r, third, kernels.Triple, "triple")
	q3, err := third.NewQueue()
	require.NoError(r, err)
	const n = 50
	b, b2, b3 := put(r, r.d, r.q, make([]uint32, n)), put(r, other.d, other.q, make([]uint32, n)), put(r, third, q3, make([]uint32, n))
	want, want2 := make([]uint32, n), make([]uint32, n)
	for c := range uint32(10) {
		launch(r, r.q, k, gpu.Over(n, 16), gpu.Mem(b), gpu.Uint(c), gpu.Int(2), gpu.Int(n))
		launch(r, other.q, k2, gpu.Over(n, 16), gpu.Mem(b2), gpu.Uint(c+1), gpu.Int(2), gpu.Int(n))
		if c < 5 {
			launch(r, q3, k3, gpu.Over(n, 16), gpu.Mem(b3), gpu.Uint(c), gpu.Int(2), gpu.Int(n))
		} else if c == 5 {
			r.close(third) // with work in its queue
		}
		triple(want, c, 2)
		triple(want2, c+1, 2)
	}
	assert.Equal(r, want, get[uint32](r, r.q, b, n))
	assert.Equal(r, want2, get[uint32](r, other.q, b2, n))
}
