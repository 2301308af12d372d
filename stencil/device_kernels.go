package stencil

import (
	_ "embed"
	"fmt"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// The kernels, and what they share.
var (
	//go:embed kernels/wave.h
	waveHeader string
	//go:embed kernels/points.h
	pointsHeader string
	//go:embed kernels/velocities.c
	velocitiesText string
	//go:embed kernels/pressures.c
	pressuresText string
	//go:embed kernels/fused.c
	fusedText string
	//go:embed kernels/tiles.c
	tilesText string
	//go:embed kernels/inject.c
	injectText string
	//go:embed kernels/sample.c
	sampleText string
	//go:embed kernels/finite.c
	finiteText string
)

// kernelTexts are the headers of a kernel, each with its name for what compilers say, and
// its own text.
var kernelTexts = map[string][2]string{
	"velocities": {waveNamed, velocitiesText},
	"pressures":  {waveNamed, pressuresText},
	"fused":      {waveNamed, fusedText},
	"tiles":      {waveNamed + pointsNamed, tilesText},
	"inject":     {pointsNamed, injectText},
	"sample":     {"", sampleText},
	"finite":     {"", finiteText},
}

var (
	waveNamed   = "#line 1 \"wave.h\"\n" + waveHeader
	pointsNamed = "#line 1 \"points.h\"\n" + pointsHeader
)

// variant is what kernels are compiled for.
type variant struct {
	half   int  // half-width of the differences; 0: the kernel has none
	medium bool // that varies
	outer  bool // for groups near sides, sponges, sources or receivers
	layers bool // that absorb
	double bool
	tiling deviceTiling
}

// source is the program with the kernel of that name.
func (v variant) source(name string) gpu.Source {
	number := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	t, text := v.tiling, kernelTexts[name]
	s := gpu.Source{Name: name + ".c", Header: text[0], Text: text[1], Double: v.double, Group: t.group}
	if v.half > 0 {
		s.Defines = []string{
			fmt.Sprintf("HALF=%d", v.half), fmt.Sprintf("MEDIUM=%d", number(v.medium)),
			fmt.Sprintf("OUTER=%d", number(v.outer)), fmt.Sprintf("LAYERS=%d", number(v.layers)),
		}
	}
	if name == "tiles" {
		s.Defines = append(s.Defines, fmt.Sprintf("STEPS=%d", t.steps), fmt.Sprintf("WIDTH=%d", t.width), fmt.Sprintf("HEIGHT=%d", t.height))
	}
	return s
}

// pointGroup is the work group of kernels that work on lists.
const pointGroup = 64

// pointVariant is that of the kernels of sources, receivers and of the check for numbers
// that are not finite.
func pointVariant(double bool) variant {
	return variant{double: double, tiling: deviceTiling{group: [3]int{pointGroup, 1, 1}}}
}

// DeviceKernels are all programs that simulations are made of on a device with the local
// memory and the work groups that info tells of, in single and in double precision, as far
// as their plan is the zero Plan, {Bands: true} or {Steps: 1}: what a compiler has to take
// before a device is trusted.
func DeviceKernels(info gpu.Info) []gpu.Source {
	var all []gpu.Source
	for _, double := range []bool{false, true} {
		for _, name := range []string{"inject", "sample", "finite"} {
			all = append(all, pointVariant(double).source(name))
		}
		for _, order := range Orders {
			for _, medium := range []bool{false, true} {
				v := variant{half: order / 2, medium: medium, double: double, outer: true, layers: true, tiling: groupTiling(plainScheme, order-1, deviceGroup(info.MaxGroup))}
				all = append(all, v.source("velocities"), v.source("pressures"))
				for _, near := range [][2]bool{{false, false}, {true, false}, {true, true}} {
					v.outer, v.layers = near[0], near[1]
					all = append(all, v.source("fused"))
					tiled := v
					tiled.tiling = regions(v.half, v.size(), info.LocalMemory, v.tiling.group)
					if tiled.tiling.scheme == tiledScheme {
						all = append(all, tiled.source("tiles"))
					}
				}
			}
		}
	}
	return all
}

// size is the bytes of an element.
func (v variant) size() int {
	if v.double {
		return 8
	}
	return 4
}
