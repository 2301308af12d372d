package csvscan

import (
	"bytes"
	"encoding/csv"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
)

// table is a station, then numbers with the digits of a measurement or with all of
// a float64.
func table(rows, digits int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for range rows {
		b = append(b, "station"...)
		b = strconv.AppendInt(b, r.Int64N(1000), 10)
		for range 5 {
			b = append(b, ',')
			b = strconv.AppendFloat(b, 100*r.Float64()-20, 'f', digits, 64)
		}
		b = append(b, '\n')
	}
	return b
}

func BenchmarkScanner(b *testing.B) {
	for _, c := range []struct {
		name   string
		digits int
	}{{"measured", 2}, {"float64", -1}} {
		text := table(20000, c.digits)
		b.Run(c.name+"/csvscan", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			sum := 0.0
			for b.Loop() {
				s := New(bytes.NewReader(text), Settings{Columns: []Use{Text, Number, Number, Number, Number, Number}})
				for s.Next() == nil {
					sum += s.Numbers[4]
				}
			}
		})
		b.Run(c.name+"/encoding_csv", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			sum := 0.0
			for b.Loop() {
				r := csv.NewReader(bytes.NewReader(text))
				r.ReuseRecord, r.TrimLeadingSpace = true, true
				for {
					row, err := r.Read()
					if err == io.EOF {
						break
					}
					for _, cell := range row[1:] {
						x, _ := strconv.ParseFloat(cell, 64)
						sum += x
					}
				}
			}
		})
		b.Run(c.name+"/one_of_six", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			sum := 0.0
			for b.Loop() {
				s := New(bytes.NewReader(text), Settings{Columns: []Use{Text, Number, Skip, Skip, Skip, Skip}})
				for s.Next() == nil {
					sum += s.Numbers[0]
				}
			}
		})
	}
}

func BenchmarkLines(b *testing.B) {
	text := table(20000, 2)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s := New(bytes.NewReader(text), Settings{Columns: []Use{Skip, Skip, Skip, Skip, Skip, Skip}})
		for s.Next() == nil {
		}
	}
}
