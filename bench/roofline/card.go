package roofline

// Card is what its vendor says of a GPU.
type Card struct {
	Name      string
	Processor string  // as compilers call it
	Units     int     // compute units or multiprocessors
	Clock     float64 // GHz, the highest
	Memory    float64 // bandwidth, 1e9 bytes/s
	// Single and Double are products with sums of vectors, 1e9 a second: half of the
	// operations that vendors count.
	Single, Double float64
	// Cache and Local are what a unit loads from its first cache and from its local memory,
	// bytes a clock.
	Cache, Local float64
	Source       string
}

// Cards are those that rates are derived for.
//
// The MI250 has two dies that are a device each. In single precision twice as much is possible
// with packed instructions, which compilers seldom find.
var Cards = []Card{
	{Name: "MI25", Processor: "gfx900", Units: 64, Clock: 1.5, Memory: 484, Single: 12290 / 2, Double: 768 / 2, Cache: 64, Local: 128,
		Source: "AMD, Radeon Instinct MI25 Accelerator (2017); Vega Instruction Set Architecture"},
	{Name: "MI250, one die", Processor: "gfx90a", Units: 104, Clock: 1.7, Memory: 1638, Single: 22630 / 2, Double: 22630 / 2, Cache: 64, Local: 128,
		Source: "AMD, ROCm documentation, AMD Instinct MI250 microarchitecture; Introducing AMD CDNA 2 Architecture"},
	{Name: "A100 SXM, 40 GB", Processor: "sm_80", Units: 108, Clock: 1.41, Memory: 1555, Single: 19500 / 2, Double: 9700 / 2, Cache: 128, Local: 128,
		Source: "NVIDIA, A100 Tensor Core GPU Architecture (2020)"},
	{Name: "H100 SXM", Processor: "sm_90", Units: 132, Clock: 1.98, Memory: 3350, Single: 66900 / 2, Double: 33500 / 2, Cache: 128, Local: 128,
		Source: "NVIDIA, H100 Tensor Core GPU data sheet (2023)"},
}

// Reached is the part of a card's memory bandwidth that is taken for reachable: an assumption,
// the same for all.
const Reached = 0.8

// processor is what limits the work items that a unit holds at a time.
type processor struct {
	width     int // work items of a wave: warp, wavefront
	parts     int // SIMDs or schedulers of a unit, over which waves are spread
	waves     int // of a part at most
	groups    int // of a unit at most, of groups of several waves
	registers int // of a part, for all lanes of a wave alike: registers of a work item
	granule   int // registers of a work item are a multiple of
	local     int // bytes of a unit
	grain     int // bytes of a group are a multiple of
	reserved  int // bytes of a group that the system takes
}

// processors are the limits.
//
// AMD: LLVM's AMDGPUBaseInfo (getTotalNumVGPRs, getVGPRAllocGranule, getMaxWavesPerEU) and User
// Guide for AMDGPU Backend. gfx1030 in wavefronts of 32, its unit two compute
// units, over which the compiler lets a group spread.
//
// NVIDIA: CUDA C++ Programming Guide, technical specifications of compute capabilities 7.0, 8.0 and
// 9.0; registers are given out to warps by 256, hence to work items by 8.
var processors = map[string]processor{
	"gfx900":  {width: 64, parts: 4, waves: 10, groups: 16, registers: 256, granule: 4, local: 64 << 10, grain: 512},
	"gfx906":  {width: 64, parts: 4, waves: 10, groups: 16, registers: 256, granule: 4, local: 64 << 10, grain: 512},
	"gfx90a":  {width: 64, parts: 4, waves: 8, groups: 16, registers: 512, granule: 8, local: 64 << 10, grain: 512},
	"gfx1030": {width: 32, parts: 4, waves: 16, groups: 32, registers: 1024, granule: 16, local: 128 << 10, grain: 512},
	"sm_70":   {width: 32, parts: 4, waves: 16, groups: 32, registers: 512, granule: 8, local: 96 << 10, grain: 256},
	"sm_80":   {width: 32, parts: 4, waves: 16, groups: 32, registers: 512, granule: 8, local: 164 << 10, grain: 128, reserved: 1 << 10},
	"sm_90":   {width: 32, parts: 4, waves: 16, groups: 32, registers: 512, granule: 8, local: 228 << 10, grain: 128, reserved: 1 << 10},
}

// Occupancy is how many waves of a kernel a unit holds.
type Occupancy struct {
	Waves, Most int    // of the unit
	Limit       string // registers, local memory, waves or groups
}

// occupancy of groups of items work items that take so many registers each and so many
// bytes of local memory.
func (p processor) occupancy(items, registers, local int) Occupancy {
	waves := (items + p.width - 1) / p.width
	most := p.parts * p.waves
	o := Occupancy{Most: most, Limit: "waves"}
	groups := most / waves
	take := func(n int, limit string) {
		if n < groups {
			groups, o.Limit = n, limit
		}
	}
	take(p.groups, "groups")
	if registers > 0 {
		take(min(p.waves, p.registers/up(registers, p.granule))*p.parts/waves, "registers")
	}
	if local > 0 {
		take(p.local/(up(local, p.grain)+p.reserved), "local memory")
	}
	o.Waves = groups * waves
	return o
}

// up is n as a multiple of granule.
func up(n, granule int) int { return (n + granule - 1) / granule * granule }
