package roofline

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu/offline"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// The waves a SIMD of AMD's that LLVM's compiler prints for kernels of that many registers, and by
// hand for the limits of local memory and for NVIDIA.
func TestOccupancy(t *testing.T) {
	for _, c := range []struct {
		processor               string
		items, registers, local int
		waves                   int
		limit                   string
	}{
		{"gfx900", 256, 13, 0, 4 * 10, "waves"},
		{"gfx900", 256, 55, 0, 4 * 4, "registers"},
		{"gfx900", 256, 59, 0, 4 * 4, "registers"},
		{"gfx900", 256, 200, 0, 4 * 1, "registers"},
		{"gfx90a", 256, 13, 0, 4 * 8, "waves"},
		{"gfx90a", 256, 126, 0, 4 * 4, "registers"},
		{"gfx90a", 256, 198, 0, 4 * 2, "registers"},
		{"gfx1030", 256, 15, 0, 4 * 16, "waves"},
		{"gfx1030", 256, 100, 0, 4*9 - 4, "registers"}, // four groups of eight waves
		{"gfx1030", 256, 200, 0, 4 * 4, "registers"},
		// 64 KB of local memory: two groups of 24 KB, one of 48 KB.
		{"gfx900", 256, 13, 24 << 10, 2 * 4, "local memory"},
		{"gfx90a", 256, 13, 48 << 10, 1 * 4, "local memory"},
		{"gfx90a", 256, 13, 32<<10 + 1, 1 * 4, "local memory"},
		// 65536 registers: 8 warps of 32 x 32 are 8192, so eight groups; of 33 registers, rounded to 40, six.
		{"sm_80", 256, 32, 0, 64, "waves"},
		{"sm_80", 256, 33, 0, 48, "registers"},
		{"sm_80", 256, 255, 0, 8, "registers"},
		{"sm_80", 33, 32, 0, 64, "waves"},
		// 164 KB, of which a group takes one more: six of 24 KB, three of 48 KB; 228 KB: nine, but
		// 64 warps are eight, and four.
		{"sm_80", 256, 32, 24 << 10, 6 * 8, "local memory"},
		{"sm_80", 256, 32, 48 << 10, 3 * 8, "local memory"},
		{"sm_90", 256, 32, 24 << 10, 8 * 8, "waves"},
		{"sm_90", 256, 32, 48 << 10, 4 * 8, "local memory"},
		{"sm_70", 256, 32, 48 << 10, 2 * 8, "local memory"},
	} {
		o := processors[c.processor].occupancy(c.items, c.registers, c.local)
		assert.Equal(t, c.waves, o.Waves, "%+v", c)
		assert.Equal(t, c.limit, o.Limit, "%+v", c)
	}
}

// Counted by hand.
func TestCost(t *testing.T) {
	plain := Scheme{Name: "plain", Order: 2, Steps: 1}
	assert.Equal(t, Cost{Least: 9, Most: 9, Operations: 12, Loads: 10}, plain.cost())
	fused := Scheme{Name: "fused", Order: 4, Medium: true, Steps: 1}
	assert.Equal(t, Cost{Least: 9, Most: 9, Operations: 50, Loads: 30}, fused.cost())

	// Tiles of one step: 4 x 2 cells, halo 1, region 6 x 4; vx on 5 x 2, vy on 4 x 3 faces.
	tiles := Scheme{Name: "tiles", Order: 2, Steps: 1, Width: 4, Height: 2}
	c := tiles.cost()
	assert.InDelta(t, 6, c.Least, 1e-12)
	assert.InDelta(t, (3*24+3*8)/8., c.Most, 1e-12)
	assert.InDelta(t, ((10+12)*3+8*6)/8., c.Operations, 1e-12)
	assert.InDelta(t, ((10+12)*4+8*6+3*24+3*8)/8., c.Local, 1e-12)

	// Two steps: the first on 6 x 4 points, of a region of 8 x 6.
	tiles.Steps = 2
	c = tiles.cost()
	assert.InDelta(t, 3, c.Least, 1e-12)
	assert.InDelta(t, (3*48+3*8)/16., c.Most, 1e-12)
	assert.InDelta(t, ((10+12)*3+8*6+(28+30)*3+24*6)/16., c.Operations, 1e-12)

	// With no end of cells there is no halo.
	tiles.Width, tiles.Height = 1<<20, 1<<20
	c = tiles.cost()
	assert.InDelta(t, c.Least, c.Most, 1e-4)
	assert.InDelta(t, plain.cost().Operations, c.Operations, 1e-4)
}

func TestRate(t *testing.T) {
	card := Card{Name: "x", Units: 10, Clock: 1, Memory: 1000, Single: 1e9, Double: 120, Cache: 64, Local: 1e9}
	s := Scheme{Name: "plain", Order: 2, Steps: 1}
	assert.Equal(t, Rate{Least: 0.8 * 1000 / 36, Most: 0.8 * 1000 / 36, Limit: "memory"}, Card{Units: 1e6, Clock: 1, Memory: 1000, Single: 1e9, Cache: 64, Local: 1}.rate(s))
	r := card.rate(s) // 640 bytes from the cache over 40
	assert.Equal(t, "cache", r.Limit)
	assert.InDelta(t, 16, r.Most, 1e-12)
	s.Double = true // 120 instructions over 12; cache: 640 over 80
	r = card.rate(s)
	assert.InDelta(t, 8, r.Most, 1e-12)
	card.Double = 60
	r = card.rate(s)
	assert.Equal(t, Rate{Least: 5, Most: 5, Limit: "arithmetic"}, r)
}

// A card's peak is that of its lanes, but where a vendor counts otherwise.
func TestCards(t *testing.T) {
	for _, c := range Cards {
		assert.Contains(t, processors, c.Processor)
		lanes := 64.0
		if c.Processor == "sm_90" {
			lanes = 128
		}
		assert.InEpsilon(t, lanes*float64(c.Units)*c.Clock, c.Single, 0.01, c.Name)
		assert.NotEmpty(t, c.Source)
	}
}

// All schemes have their kernels, in pairs: uniform, then varying.
func TestSchemes(t *testing.T) {
	all := Schemes()
	assert.Len(t, all, 2*3*len(stencil.Orders)*2)
	for i, s := range all {
		assert.Equal(t, i%2 == 1, s.Medium)
		want := 1
		if s.Name == "plain" {
			want = 2
		}
		assert.Len(t, s.kernels, want, "%+v", s)
		if s.Name == "tiles" {
			assert.Positive(t, s.Width*s.Height*s.Steps, "%+v", s)
		}
	}
}

func TestKernelsCSV(t *testing.T) {
	all := map[string]use{"tiles float32 HALF=1": {}}
	for i, p := range append(append([]string{}, offline.NVIDIA...), offline.AMD...) {
		all["tiles float32 HALF=1"][p] = offline.Use{Registers: 10 + i, Scratch: 11 * (i % 2), Local: 4096}
	}
	text, err := writeKernels([]string{"tiles float32 HALF=1"}, all)
	require.NoError(t, err)
	assert.Equal(t, "kernel,local,sm_70,sm_80,sm_90,gfx900,gfx906,gfx90a,gfx1030\ntiles float32 HALF=1,4096,10,11+11,12,13+11,14,15+11,16\n", text)
	back, err := readKernels(text)
	require.NoError(t, err)
	assert.Equal(t, all, back)

	_, err = readKernels("kernel,local,sm_70\nx,4096,many\n")
	assert.ErrorContains(t, err, "x")
}

const begin, end = "<!-- written by go test ./bench/roofline -update -->\n", "<!-- end -->\n"

// The tables of the README are those that the derivation gives.
func TestReadme(t *testing.T) {
	const file = "../README.md"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "no %q", begin)
	tables, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, "no %q", end)
	var b bytes.Buffer
	require.NoError(t, WriteTables(&b))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644))
		return
	}
	assert.Equal(t, b.String(), tables, "go test ./bench/roofline -update")
}
