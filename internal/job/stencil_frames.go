package job

import (
	"encoding/binary"
	"io"
	"math"
	"os"
	"slices"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// frames are the pressures of an animation in a file, as float32 one after the
// other: drawn when the run is done, all with the colours that fit all. The grid
// is coarsened to what a picture can show.
type frames struct {
	f      *os.File
	coarse coarse
	buffer []byte
}

// coarse is a grid of the means of blocks of points.
type coarse struct {
	fine   stencil.Grid
	block  int
	nx, ny int
}

// pictured is the most points that a picture of a field can show each way.
const pictured = 480

func newCoarse(g stencil.Grid, most int) coarse {
	c := coarse{fine: g, block: (max(g.Nx, g.Ny) + most - 1) / most}
	c.nx, c.ny = (g.Nx+c.block-1)/c.block, (g.Ny+c.block-1)/c.block
	return c
}

// x and y are the coordinates: of the middle of each block.
func (c coarse) axes() (x, y []float64) {
	dx, dy := c.fine.Spacing()
	axis := func(n, cells int, h float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = h * float64(i*c.block+min((i+1)*c.block, cells)-1) / 2
		}
		return v
	}
	return axis(c.nx, c.fine.Nx, dx), axis(c.ny, c.fine.Ny, dy)
}

// of returns the means of p.
func (c coarse) of(p []float64) []float64 {
	if c.block == 1 {
		return p
	}
	out := make([]float64, c.nx*c.ny)
	for j := range c.ny {
		rows := min(c.block, c.fine.Ny-j*c.block)
		for i := range c.nx {
			columns := min(c.block, c.fine.Nx-i*c.block)
			sum := 0.0
			for b := range rows {
				for _, v := range p[(j*c.block+b)*c.fine.Nx+i*c.block:][:columns] {
					sum += v
				}
			}
			out[j*c.nx+i] = sum / float64(rows*columns)
		}
	}
	return out
}

func (c coarse) bytes() int { return 4 * c.nx * c.ny }

// openFrames opens the file with the first n frames that it has, for more.
func openFrames(path string, g stencil.Grid, n int) (*frames, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	s := &frames{f: f, coarse: newCoarse(g, pictured)}
	s.buffer = make([]byte, s.coarse.bytes())
	size := int64(n) * int64(len(s.buffer))
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

func (s *frames) append(p []float64) error {
	for k, v := range s.coarse.of(p) {
		binary.LittleEndian.PutUint32(s.buffer[4*k:], math.Float32bits(float32(v)))
	}
	_, err := s.f.Write(s.buffer)
	return err
}

func (s *frames) sync() error { return s.f.Sync() }

// eachFrame calls f for each whole frame in a file.
func eachFrame(path string, c coarse, f func(k, n int, z []float64) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	n := int(info.Size() / int64(c.bytes()))
	buffer, z := make([]byte, c.bytes()), make([]float64, c.nx*c.ny)
	for k := range n {
		if _, err := io.ReadFull(file, buffer); err != nil {
			return err
		}
		for i := range z {
			z[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(buffer[4*i:])))
		}
		if err := f(k, n, z); err != nil {
			return err
		}
	}
	return nil
}

// loudness is the pressure that an animation shows with full colour: the median
// over the frames of what all but a thousandth of a frame stays below. Neither a
// pulse at the start nor the place of a source decides it.
func loudness(path string, c coarse) (float64, error) {
	var peaks []float64
	err := eachFrame(path, c, func(_, _ int, z []float64) error {
		if v := quantile(z, 0.999); v > 0 {
			peaks = append(peaks, v)
		}
		return nil
	})
	if err != nil || len(peaks) == 0 {
		return 0, err
	}
	slices.Sort(peaks)
	return peaks[len(peaks)/2], nil
}

// quantile returns what the share q of the magnitudes stays below.
func quantile(z []float64, q float64) float64 {
	size := make([]float64, len(z))
	for i, v := range z {
		size[i] = math.Abs(v)
	}
	slices.Sort(size)
	return size[min(int(q*float64(len(size))), len(size)-1)]
}
