package figure

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

// Animation writes panels as the frames of an animated GIF, one after the
// other: in memory there are two frames, however many there will be. The first
// panel decides the colours of all: those of its colour maps and of the
// package's lines. Of each later frame only what changed is written.
//
// An Animation serves one goroutine, which must call [Animation.Close].
type Animation struct {
	out           sink
	width, height float64 // in inches
	perSecond     float64

	frames   int
	complete int64 // bytes of the file up to the end of the last whole frame
	err      error // of writing: no frame comes after it
	palette  []byteColor
	nearest  map[byteColor]byte
	shown    []byte // the picture so far, an index a pixel
}

// sink is a file that appears when committed.
type sink interface {
	io.WriteSeeker
	Truncate(size int64) error
	Commit() error
	Discard()
}

const (
	animationDPI  = dpi / 2 // pictures are drawn at twice the resolution and averaged
	transparent   = 0       // index of the pixel that stays as it was
	defaultSpeed  = 10      // frames a second
	fastest       = 50      // beyond, viewers slow down
	nearestMemory = 1 << 17 // colours of which the nearest one is remembered
)

// NewAnimation begins an animation at path, to be shown in an endless loop with
// perSecond frames a second, at most 50; 0 is 10. Width and height are in
// inches of 96 pixels; 0 takes the default of the first panel. The file appears
// under its name only when the animation is closed.
func NewAnimation(path string, width, height, perSecond float64) (*Animation, error) {
	if perSecond == 0 {
		perSecond = defaultSpeed
	}
	if !(perSecond >= 0.01 && perSecond <= fastest) {
		return nil, fmt.Errorf("figure: %g frames a second, want 0.01 to %d", perSecond, fastest)
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("figure: %w", err)
	}
	return &Animation{out: f, width: width, height: height, perSecond: perSecond}, nil
}

// errClosed is the error of frames after the last.
var errClosed = errors.New("the animation is closed")

// Frame adds a panel. A panel that [Save] refuses is an error and leaves the
// animation as it was; after a failure to write no further frame is accepted.
func (a *Animation) Frame(p Panel) error {
	if a.err != nil {
		return fmt.Errorf("figure: %w", a.err)
	}
	s, w, h, err := prepare(p, a.width, a.height)
	if err != nil {
		return fmt.Errorf("figure: frame %d: %w", a.frames, err)
	}
	w, h = 2*pixel*vg.Length(math.Ceil(float64(w/pixel/2))), 2*pixel*vg.Length(math.Ceil(float64(h/pixel/2)))
	page := newPixelCanvas(w, h)
	if err := s.draw(canvas{backend: page}, w, h); err != nil {
		return fmt.Errorf("figure: frame %d: %w", a.frames, err)
	}
	img := halve(page.Image())
	var b bytes.Buffer
	if a.frames == 0 {
		a.width, a.height = float64(w/vg.Inch), float64(h/vg.Inch)
		a.palette, a.nearest = paletteOf(s), map[byteColor]byte{}
		a.header(&b, img.Bounds().Size())
	}
	a.encode(&b, img)
	if _, err := a.out.Write(b.Bytes()); err != nil {
		a.err = err
		return fmt.Errorf("figure: frame %d: %w", a.frames, err)
	}
	a.complete += int64(b.Len())
	a.frames++
	return nil
}

// Close ends the animation and gives the file its name. After a failure to
// write the file holds the frames before it. Without any frame there is no
// file, and the error is [ErrNoData].
func (a *Animation) Close() error {
	if errors.Is(a.err, errClosed) {
		return nil
	}
	failed := a.err
	a.err = errClosed
	if a.frames == 0 {
		a.out.Discard()
		if failed == nil {
			failed = ErrNoData
		}
		return fmt.Errorf("figure: animation without frames: %w", failed)
	}
	err := a.finish()
	if err != nil {
		a.out.Discard()
	}
	if err = errors.Join(failed, err); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// finish cuts off what is not a whole frame and writes the trailer.
func (a *Animation) finish() error {
	if err := a.out.Truncate(a.complete); err != nil {
		return err
	}
	if _, err := a.out.Seek(a.complete, io.SeekStart); err != nil {
		return err
	}
	if _, err := a.out.Write([]byte{0x3b}); err != nil {
		return err
	}
	return a.out.Commit()
}

// halve averages blocks of two by two pixels.
func halve(img image.Image) *image.RGBA {
	src, ok := img.(*image.RGBA)
	if !ok {
		panic("figure: the canvas is not RGBA") // vgimg draws on nothing else
	}
	size := src.Bounds().Size().Div(2)
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		top, below, row := src.Pix[2*y*src.Stride:], src.Pix[(2*y+1)*src.Stride:], out.Pix[y*out.Stride:]
		for x := range size.X {
			for c := range 4 {
				sum := int(top[8*x+c]) + int(top[8*x+4+c]) + int(below[8*x+c]) + int(below[8*x+4+c])
				row[4*x+c] = byte((sum + 2) / 4)
			}
		}
	}
	return out
}

// header writes what comes before the frames (GIF89a specification, 1990):
// screen descriptor, palette, and the extension for endless repetition.
func (a *Animation) header(b *bytes.Buffer, size image.Point) {
	b.WriteString("GIF89a")
	words(b, size.X, size.Y)
	b.Write([]byte{0xf7, 0, 0}) // a palette of 256 colours with 8 bits each
	for _, c := range a.palette {
		b.Write(c[:])
	}
	b.WriteString("\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
}

func words(b *bytes.Buffer, values ...int) {
	for _, v := range values {
		b.Write(binary.LittleEndian.AppendUint16(nil, uint16(v)))
	}
}

// encode writes the smallest rectangle that holds every changed pixel, those
// in it that stay as transparent ones.
func (a *Animation) encode(b *bytes.Buffer, img *image.RGBA) {
	size := img.Bounds().Size()
	next := make([]byte, size.X*size.Y)
	for i := range next {
		next[i] = a.index(byteColor(img.Pix[4*i : 4*i+3]))
	}
	var changed image.Rectangle
	if a.shown == nil {
		changed.Max = size
	} else {
		for y := range size.Y {
			was, is := a.shown[y*size.X:][:size.X], next[y*size.X:][:size.X]
			if slices.Equal(was, is) {
				continue
			}
			first, last := 0, size.X-1
			for was[first] == is[first] {
				first++
			}
			for was[last] == is[last] {
				last--
			}
			changed = changed.Union(image.Rect(first, y, last+1, y+1))
		}
		if changed.Empty() {
			changed.Max = image.Pt(1, 1) // a frame needs a pixel
		}
	}
	pixels := make([]byte, 0, changed.Dx()*changed.Dy())
	for y := changed.Min.Y; y < changed.Max.Y; y++ {
		for i := y*size.X + changed.Min.X; i < y*size.X+changed.Max.X; i++ {
			if a.shown != nil && a.shown[i] == next[i] {
				pixels = append(pixels, transparent)
			} else {
				pixels = append(pixels, next[i])
			}
		}
	}
	a.shown = next

	// Until the next frame, in hundredths of a second, without drift.
	at := func(k int) int { return int(math.Round(100 * float64(k) / a.perSecond)) }
	b.Write([]byte{0x21, 0xf9, 4, 1<<2 | 1}) // it stays; it has transparent pixels
	words(b, at(a.frames+1)-at(a.frames))
	b.Write([]byte{transparent, 0, 0x2c})
	words(b, changed.Min.X, changed.Min.Y, changed.Dx(), changed.Dy())
	b.Write([]byte{0, 8})
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.LSB, 8)
	_, _ = w.Write(pixels) // a bytes.Buffer takes all
	_ = w.Close()
	for packed.Len() > 0 {
		block := packed.Next(255)
		b.WriteByte(byte(len(block)))
		b.Write(block)
	}
	b.WriteByte(0)
}
