package roofline

import (
	"errors"
	"flag"
	"maps"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/offline"
	"github.com/seed-0772dd2d/ritz/stencil"
)

var update = flag.Bool("update", false, "write kernels.csv and the tables of README.md")

// there skips a test whose compiler is not, or fails it where all are required.
func there(t *testing.T, err error) {
	t.Helper()
	missing := errors.Is(err, offline.ErrNoCompiler) || errors.Is(err, gpu.ErrNoBackend)
	if missing && !*update && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skip(err)
	}
	require.NoError(t, err)
}

// full tells to compile every source for every processor, some minutes of work.
func full() bool { return *update || os.Getenv("RITZ_KERNELS") == "all" }

// sources are all specialisations, in short one in twelve.
func sources() []gpu.Source {
	all := stencil.DeviceKernels(gpu.Info{LocalMemory: localMemory})
	if !testing.Short() || full() {
		return all
	}
	var some []gpu.Source
	for i := 0; i < len(all); i += 12 {
		some = append(some, all[i])
	}
	return some
}

// each compiles every source on all cores, for every processor, or, if it is not to be
// full, each for one, in turn.
func each(t *testing.T, sources []gpu.Source, processors []string, compile func(s gpu.Source, processor string) (offline.Use, error)) map[string]use {
	type work struct {
		source    gpu.Source
		processor string
	}
	var mu sync.Mutex
	all := map[string]use{}
	queue := make(chan work)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for w := range queue {
				u, err := compile(w.source, w.processor)
				mu.Lock()
				if assert.NoError(t, err, "%s for %s", key(w.source), w.processor) {
					if all[key(w.source)] == nil {
						all[key(w.source)] = use{}
					}
					all[key(w.source)][w.processor] = u
				}
				mu.Unlock()
			}
		})
	}
	for i, s := range sources {
		for k, p := range processors {
			if full() || k == i%len(processors) {
				queue <- work{s, p}
			}
		}
	}
	close(queue)
	wg.Wait()
	return all
}

// Every kernel compiles for every processor, within what a processor has and without memory
// for registers, and takes about what the table says.
func TestKernels(t *testing.T) {
	clang, err := offline.FindClang()
	there(t, err)
	ptxas, err := offline.FindPtxas()
	there(t, err)
	nvrtc := offline.RTC{}
	list := sources()
	_, err = nvrtc.Compile(t.Context(), list[0], offline.NVIDIA[0])
	there(t, err)

	compile := func(s gpu.Source, processor string) (offline.Use, error) {
		var uses []offline.Use
		var program []byte
		var err error
		if strings.HasPrefix(processor, "sm_") {
			if program, err = nvrtc.Compile(t.Context(), s, processor); err == nil {
				uses, err = ptxas.Assemble(t.Context(), program, processor)
			}
		} else if program, err = clang.Compile(t.Context(), s, processor); err == nil {
			uses, err = offline.ReadCodeObject(program)
		}
		if err != nil || !assert.Len(t, uses, 1, key(s)) {
			return offline.Use{}, err
		}
		return uses[0], nil
	}
	all := each(t, list, offline.NVIDIA, compile)
	for k, u := range each(t, list, offline.AMD, compile) {
		if all[k] == nil {
			all[k] = use{}
		}
		maps.Copy(all[k], u)
	}
	var keys []string
	for _, s := range list {
		keys = append(keys, key(s))
		bounds(t, s, all[key(s)])
	}
	if *update {
		text, err := writeKernels(keys, all)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("kernels.csv", []byte(text), 0o644))
		kernelsCSV = text
	}
	table, err := readKernels(kernelsCSV)
	require.NoError(t, err)
	if !testing.Short() || full() {
		assert.Len(t, table, len(all), "go test ./bench/roofline -run Kernels -update")
	}
	for k, u := range all {
		for processor, now := range u {
			was := table[k][processor]
			const say = "%s for %s takes %+v, kernels.csv has %+v: if that is meant, go test ./bench/roofline -update"
			assert.Equal(t, was.Local, now.Local, say, k, processor, now, was)
			// Another version of a compiler may take some more.
			assert.LessOrEqual(t, now.Registers, was.Registers*3/2+16, say, k, processor, now, was)
			assert.LessOrEqual(t, now.Scratch, was.Scratch*3/2, say, k, processor, now, was)
		}
	}
}

// bounds checks what a kernel takes of each processor.
func bounds(t *testing.T, s gpu.Source, u use) {
	d := defines(s)
	region := (d["WIDTH"] + 2*d["STEPS"]*(2*d["HALF"]-1)) * (d["HEIGHT"] + 2*d["STEPS"]*(2*d["HALF"]-1))
	size := 4
	if s.Double {
		size = 8
	}
	items := groupItems(s)
	for name, u := range u {
		p := processors[name]
		assert.LessOrEqual(t, u.Local, localMemory, "%s for %s", key(s), name)
		if strings.HasPrefix(s.Name, "tiles") {
			assert.Equal(t, 3*region*size, u.Local, "%s for %s: three fields", key(s), name)
		} else {
			assert.Zero(t, u.Local, "%s for %s", key(s), name)
		}
		// NVIDIA's assembler leaves some registers to memory for the sake of more groups. The tiles
		// beside absorbing layers have their memories in arrays, which it leaves there too: four
		// fields of the cells of a work item.
		most := 0
		if strings.HasPrefix(name, "sm_") {
			most = 64
		}
		if strings.HasPrefix(s.Name, "tiles") && d["LAYERS"] == 1 {
			most += 4 * size * region / items
		}
		assert.LessOrEqual(t, u.Scratch, most, "%s for %s: memory for registers", key(s), name)
		o := p.occupancy(items, u.Registers, u.Local)
		assert.GreaterOrEqual(t, o.Waves, (items+p.width-1)/p.width, "%s for %s: not even one group fits: %+v", key(s), name, u)
	}
}

// Clang makes PTX of them too, hipRTC code objects. They are slower or other ways to the
// same, so not each kernel goes all of them.
func TestOtherCompilers(t *testing.T) {
	some := func(step int) (list []gpu.Source) {
		for i := 0; i < len(sources()); i += step {
			list = append(list, sources()[i])
		}
		return list
	}
	t.Run("clang, PTX", func(t *testing.T) {
		clang, err := offline.FindClang()
		there(t, err)
		each(t, sources(), []string{"sm_70"}, func(s gpu.Source, processor string) (offline.Use, error) {
			program, err := clang.Compile(t.Context(), s, processor)
			assert.Contains(t, string(program), ".entry "+strings.TrimSuffix(s.Name, ".c"), key(s))
			return offline.Use{}, err
		})
	})
	t.Run("hipRTC", func(t *testing.T) {
		_, err := offline.RTC{}.Compile(t.Context(), sources()[0], offline.AMD[0])
		there(t, err)
		each(t, some(7), []string{"gfx90a"}, func(s gpu.Source, processor string) (offline.Use, error) {
			program, err := offline.RTC{}.Compile(t.Context(), s, processor)
			if err != nil {
				return offline.Use{}, err
			}
			uses, err := offline.ReadCodeObject(program)
			assert.Len(t, uses, 1, key(s))
			return offline.Use{}, err
		})
	})
}
