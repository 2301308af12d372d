package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/bench/trial"
	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

const deviceTestHelp = `
ritz devices test DEVICE tries a device, opencl:0, cuda:0, hip:0 or auto: what drivers
must do right; every kernel compiled; every scheme, order and precision against the CPU;
bandwidth, cost of launches, cells a second. It prints what it finds and writes a report to send
back, also if something failed. Exit codes: 0 all agree, 1 something failed, 2 there is no
such device.

  --report FILE  default ritz-device-DEVICE.json, with a dash for the colon
  --quick        orders 2 and 8 only, fewer and smaller grids
  --order N      this order of differences only; may be repeated`

// testDevice is ritz devices test.
func testDevice(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("devices", flag.ContinueOnError)
	file := f.String("report", "", "")
	var orders list
	f.Var(&orders, "order", "")
	settings := trial.Settings{}
	f.BoolVar(&settings.Quick, "quick", false, "")
	device, code := parse(f, args, 1, s)
	switch {
	case code >= 0:
		return code
	case len(device) == 0:
		return misused("devices", s, "test which device? ritz devices lists them")
	}
	for _, text := range orders {
		n, err := strconv.Atoi(text)
		if err != nil {
			return misused("devices", s, fmt.Sprintf("--order %q: expected a whole number", text))
		}
		settings.Orders = append(settings.Orders, n)
	}
	bar := newProgress(s.err, time.Now)
	told := false
	settings.Progress = func(name string, done, total int) {
		if !told { // some compilers print what is wrong with it themselves
			fmt.Fprintln(s.err, "one program is wrong on purpose: an error that its compiler prints is none of the device")
			told = true
		}
		bar.stageOf(name, done, total)
	}
	path := *file
	settings.Save = func(r *trial.Report) error {
		if path == "" {
			path = "ritz-device-" + strings.ReplaceAll(r.Device.ID, ":", "-") + ".json"
		}
		return saveReport(path, r)
	}
	report, err := trial.Run(ctx, device[0], job.Version, settings)
	bar.end()
	if report == nil {
		switch {
		case errors.Is(err, gpu.ErrArgument):
			return refuse(s, err)
		case errors.Is(err, gpu.ErrNoBackend) && device[0] != "auto", errors.Is(err, gpu.ErrNoDevice) && device[0] != "auto":
			return refuse(s, errors.New(job.Unopened(device[0], err)))
		case errors.Is(err, gpu.ErrNoBackend), errors.Is(err, gpu.ErrNoDevice):
			return refuse(s, errors.New("no device on this machine; ritz devices says what is missing"))
		}
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	if err := errors.Join(err, report.Print(s.out)); err != nil {
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	fmt.Fprintf(s.out, "report: %s\n", path)
	if !report.Passed {
		return exitFailed
	}
	return exitDone
}

// saveReport writes the file under another name first.
func saveReport(path string, r *trial.Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = part.Write(append(text, '\n'))
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		os.Remove(part.Name())
	}
	return err
}
