package cuda

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Goroutines move between threads, and threads between devices.
func TestThreads(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		devices := []driver.Device{f.open(0), f.open(1)}
		var kernels [2]driver.Kernel
		for i, d := range devices {
			m, k := kernelOf(t, d, scale, "scale")
			kernels[i] = k
			defer func() { assert.NoError(t, m.Close()) }()
		}
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				d, k := devices[g%2], kernels[g%2]
				q, err := d.NewQueue()
				if !assert.NoError(t, err) {
					return
				}
				b, err := d.Alloc(8)
				assert.NoError(t, err)
				for round := range 50 {
					x := []float64{float64(round)}
					assert.NoError(t, q.Write(b, 0, bytesOf(x), 8))
					runtime.Gosched()
					assert.NoError(t, q.Launch(k, one, one, []uint64{uint64(b), uint64(math.Float32bits(2)), 1, uint64(g), 0}, nil))
					runtime.Gosched()
					assert.NoError(t, q.Read(bytesOf(x), b, 0, 8))
					assert.Equal(t, []float64{float64(2*round + g)}, x)
				}
				assert.NoError(t, d.Free(b))
				assert.NoError(t, q.Close())
			})
		}
		all.Wait()
	})
}

// A device stays current from call to call, though the goroutine is interrupted.
func TestCurrent(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		var all sync.WaitGroup
		for g := range 8 {
			d := f.open(g % 2).(*device)
			all.Go(func() {
				for range 20 {
					assert.NoError(t, d.on(func() error {
						for range 20 {
							runtime.Gosched()
							if now := int(f.call("fake_current")); now != g%2 {
								return fmt.Errorf("device %d is current, want %d", now, g%2)
							}
						}
						return nil
					}))
				}
			})
		}
		all.Wait()
	})
}

func TestLaunchAllocatesNothing(t *testing.T) {
	forBoth(t, func(t *testing.T, f *fake) {
		d := f.open(0)
		m, k := kernelOf(t, d, scale, "scale")
		q, err := d.NewQueue()
		require.NoError(t, err)
		b, err := d.Alloc(8)
		require.NoError(t, err)
		values, sizes := []uint64{uint64(b), 0, 1, 0, 0}, []int{8, 4, 4, 8, 8}
		if !raceDetector {
			assert.Zero(t, testing.AllocsPerRun(100, func() {
				if err := q.Launch(k, one, one, values, sizes); err != nil {
					panic(err)
				}
			}))
		}
		require.NoError(t, d.Free(b))
		require.NoError(t, m.Close())
		require.NoError(t, q.Close())
	})
}

// What a launch costs beyond the driver's own work: that of this driver is to do nothing.
func BenchmarkLaunch(b *testing.B) {
	for _, name := range []string{"cuda", "hip"} {
		b.Run(name, func(b *testing.B) {
			f := newFake(b, name)
			d := f.open(0)
			m, k := kernelOf(b, d, scale, "scale")
			q, err := d.NewQueue()
			require.NoError(b, err)
			f.call("fake_idle", 1)
			values, sizes := make([]uint64, 5), []int{8, 4, 4, 8, 8}
			b.ReportAllocs()
			for b.Loop() {
				if err := q.Launch(k, one, one, values, sizes); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			f.call("fake_idle", 0)
			require.NoError(b, m.Close())
			require.NoError(b, q.Close())
		})
	}
}
