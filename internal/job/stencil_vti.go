package job

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// writeVTI writes a field, where it stands on a grid, as VTK ImageData, which
// ParaView and VTK read: XML (version 1.0) that describes the grid, then the
// numbers, little-endian, after an underscore and their size in 8 bytes. Source:
// VTK User's Guide, "VTK XML file formats"; the time is the field data TimeValue.
func writeVTI[T float32 | float64](w io.Writer, g stencil.Grid, q stencil.Quantity, data []T, time float64) error {
	dx, dy := g.Spacing()
	nx, ny, x0, y0 := shape(g, q)
	name := fieldWords[q]
	kind, bytes := "Float64", 8
	if _, single := any(T(0)).(float32); single {
		kind, bytes = "Float32", 4
	}
	extent := fmt.Sprintf("0 %d 0 %d 0 0", nx-1, ny-1)
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
  <ImageData WholeExtent="%s" Origin="%s %s 0" Spacing="%s %s 1">
    <FieldData>
      <DataArray type="Float64" Name="TimeValue" NumberOfTuples="1" format="ascii">%s</DataArray>
    </FieldData>
    <Piece Extent="%s">
      <PointData Scalars="%s">
        <DataArray type="%s" Name="%s" format="appended" offset="0"/>
      </PointData>
    </Piece>
  </ImageData>
  <AppendedData encoding="raw">
_`, extent, format(x0*dx), format(y0*dy), format(dx), format(dy), format(time), extent, name, kind, name)
	var buffer [8]byte
	binary.LittleEndian.PutUint64(buffer[:], uint64(bytes*len(data)))
	b.Write(buffer[:])
	switch data := any(data).(type) {
	case []float64:
		for _, v := range data {
			binary.LittleEndian.PutUint64(buffer[:], math.Float64bits(v))
			b.Write(buffer[:])
		}
	case []float32:
		for _, v := range data {
			binary.LittleEndian.PutUint32(buffer[:], math.Float32bits(v))
			b.Write(buffer[:4])
		}
	}
	b.WriteString("\n  </AppendedData>\n</VTKFile>\n")
	return b.Flush()
}
