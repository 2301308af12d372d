package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
)

// watchDevices prints the devices until it is interrupted, which is no failure.
func watchDevices(ctx context.Context, found devicesFound, every time.Duration, asJSON bool, s streams) int {
	columns, inPlace := terminal(s.out)
	inPlace = inPlace && runtime.GOOS != "windows" // whose consoles may not know the sequences
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	lines := 0 // of the table on the terminal
	var told []string
	now := time.Now()
	for {
		d := found.read(now)
		if !asJSON {
			told = warn(s.err, d, told)
		}
		var err error
		switch {
		case asJSON:
			err = json.NewEncoder(s.out).Encode(d)
		case inPlace:
			lines, err = overwrite(s.out, table(d), lines, columns)
		default:
			err = appendRows(s.out, d, lines == 0)
			lines = 1
		}
		if err != nil {
			return exitFailed
		}
		select {
		case <-ctx.Done():
			return exitDone
		case now = <-ticker.C:
		}
	}
}

// warn tells of faults that have not been told, and returns those that have.
func warn(w io.Writer, d devices, told []string) []string {
	for _, e := range d.faults {
		if text := e.Error(); !slices.Contains(told, text) {
			fmt.Fprintln(w, "warning:", text)
			told = append(told, text)
		}
	}
	return told
}

// overwrite prints a text in the place of one of so many lines before it, and returns
// the number of its own. Lines are cut at the columns of the terminal.
func overwrite(w io.Writer, text string, before, columns int) (lines int, err error) {
	var out strings.Builder
	if before > 0 {
		fmt.Fprintf(&out, "\x1b[%dA\x1b[J", before)
	}
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSuffix(line, "\n"))
		out.WriteString(string(runes[:min(len(runes), columns-1)]) + "\n")
		lines++
	}
	_, err = io.WriteString(w, out.String())
	return lines, err
}

// appendRows prints the rows with the time, the first time under a header.
func appendRows(w io.Writer, d devices, first bool) error {
	var out strings.Builder
	at := d.Time.Format(time.RFC3339)
	for line := range strings.Lines(table(d)) {
		switch {
		case !strings.HasPrefix(line, "DEVICE "):
			out.WriteString(at + "  " + line)
		case first:
			fmt.Fprintf(&out, "%-*s  %s", len(at), "TIME", line)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// terminal is the columns of the terminal, if it is one.
func terminal(w io.Writer) (columns int, ok bool) {
	if c, checks := w.(*checked); checks {
		w = c.w
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns, true
	}
	return 80, true
}
