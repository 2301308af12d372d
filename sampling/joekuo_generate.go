//go:build ignore

// This program writes joekuo.bin, whose layout joekuo.go describes, from the
// file new-joe-kuo-6.21201 that Joe and Kuo publish at
// https://web.maths.unsw.edu.au/~fkuo/sobol/:
//
//	go run joekuo_generate.go new-joe-kuo-6.21201
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run joekuo_generate.go FILE")
	}
	f, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	var out stream
	lines := bufio.NewScanner(f)
	lines.Scan() // the header, d s a m_i
	for lines.Scan() {
		if err := out.record(strings.Fields(lines.Text())); err != nil {
			log.Fatalf("%s: %q: %v", os.Args[1], lines.Text(), err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("joekuo.bin", out.bytes, 0o666); err != nil {
		log.Fatal(err)
	}
}

// stream is a sequence of bits.
type stream struct {
	bytes []byte
	bits  int
}

// add appends the n low bits of x, the highest first.
func (s *stream) add(x uint64, n int) {
	for i := n - 1; i >= 0; i-- {
		if s.bits%8 == 0 {
			s.bytes = append(s.bytes, 0)
		}
		s.bytes[s.bits/8] |= byte(x>>i&1) << (7 - s.bits%8)
		s.bits++
	}
}

// record appends a line of the file: dimension, degree, a, m_1 ... m_s.
func (s *stream) record(fields []string) error {
	if len(fields) < 4 {
		return fmt.Errorf("expected d s a m_1 ...")
	}
	degree, err := strconv.Atoi(fields[1])
	if err != nil || len(fields) != 3+degree {
		return fmt.Errorf("expected %s direction integers", fields[1])
	}
	a, err := strconv.ParseUint(fields[2], 10, degree-1)
	if err != nil && degree > 1 {
		return err
	}
	s.add(a, degree-1)
	for i, text := range fields[3:] {
		m, err := strconv.ParseUint(text, 10, i+1)
		if err != nil || m%2 == 0 {
			return fmt.Errorf("m_%d = %s is not an odd number below 2^%d", i+1, text, i+1)
		}
		s.add(m>>1, i)
	}
	return nil
}
