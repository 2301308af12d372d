package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
)

const (
	devicesUsage = "[--json] [--watch] [--every DURATION]\n       ritz devices test DEVICE [--report FILE] [--quick] [--order N]"
	devicesHelp  = `
What a job can name as its device, through OpenCL, CUDA and HIP, and how the cards are,
through NVML, AMD SMI and ROCm SMI: memory that is used, the part of the time in which
they work, temperature, power and its limit, clocks of the core and the memory. A dash
is what is not told. Where there is no GPU, what was looked for and what would be needed
is printed on standard error. The exit code is 0, whether or not there are devices.

  --json            one object: devices, each with its telemetry or null; cards, which
                    have sensors but no driver to compute with; messages, about what
                    is missing or failed. In units of bytes, °C, W, MHz; null is what
                    is not told
  --watch           again and again, until Ctrl-C: in place on a terminal, else line
                    after line; with --json an object a line
  --every DURATION  of --watch; default 1s

Other libraries than the usual ones are taken from RITZ_OPENCL, RITZ_CUDA, RITZ_NVRTC,
RITZ_HIP, RITZ_HIPRTC, RITZ_NVML, RITZ_AMD_SMI and RITZ_ROCM_SMI: a file, or off.
` + deviceTestHelp
)

func runDevices(ctx context.Context, args []string, s streams) int {
	if len(args) > 0 && args[0] == "test" {
		return testDevice(ctx, args[1:], s)
	}
	f := flag.NewFlagSet("devices", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "")
	watch := f.Bool("watch", false, "")
	every := f.Duration("every", time.Second, "")
	if _, code := parse(f, args, 0, s); code >= 0 {
		return code
	}
	given := false
	f.Visit(func(g *flag.Flag) { given = given || g.Name == "every" })
	switch {
	case given && !*watch:
		return misused("devices", s, "--every is for --watch")
	case *every <= 0:
		return misused("devices", s, fmt.Sprintf("--every %v: expected more than nothing", *every))
	}

	found := findDevices()
	defer found.monitor.Close()
	now := found.read(time.Now())
	if *watch && len(now.Devices)+len(now.Cards) > 0 {
		return watchDevices(ctx, found, *every, *asJSON, s)
	}
	if *asJSON {
		return printJSON(s, now)
	}
	printDevices(s.out, now)
	explain(s.err, now, thisMachine())
	return exitDone
}

// devicesFound are the devices, and what reads their sensors.
type devicesFound struct {
	list    []gpu.Info
	monitor *gpu.Monitor
	errs    []error // what is missing, of drivers and of management libraries
}

func findDevices() devicesFound {
	list, missing := gpu.Devices()
	monitor, silent := gpu.OpenMonitor()
	return devicesFound{list, monitor, append(each(missing), each(silent)...)}
}

// each is the errors that were joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, each(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// devices is what ritz devices --json prints.
type devices struct {
	Time     time.Time       `json:"time"`
	Devices  []device        `json:"devices"`
	Cards    []gpu.Telemetry `json:"cards"` // that are no devices
	Messages []string        `json:"messages"`
	faults   []error         // messages that are not of something missing
}

// device is one, with its telemetry if a library tells any.
type device struct {
	gpu.Info
	Telemetry *gpu.Telemetry `json:"telemetry"`
}

// read reads the sensors.
func (f devicesFound) read(now time.Time) devices {
	d := devices{Time: now, Devices: []device{}, Cards: []gpu.Telemetry{}, Messages: []string{}}
	cards, err := f.monitor.Read()
	for _, e := range append(f.errs, each(err)...) {
		d.Messages = append(d.Messages, e.Error())
		if !errors.Is(e, gpu.ErrNoBackend) && !errors.Is(e, gpu.ErrNoDevice) {
			d.faults = append(d.faults, e)
		}
	}
	taken := make([]bool, len(cards))
	for _, info := range f.list {
		row := device{Info: info}
		for i := range cards {
			if info.Bus != "" && strings.EqualFold(info.Bus, cards[i].Bus) {
				taken[i] = true
				if row.Telemetry == nil {
					row.Telemetry = &cards[i]
				}
			}
		}
		d.Devices = append(d.Devices, row)
	}
	for i, c := range cards {
		if !taken[i] {
			d.Cards = append(d.Cards, c)
		}
	}
	return d
}

// gpus counts the devices that are no CPU.
func (d devices) gpus() int {
	n := 0
	for _, v := range d.Devices {
		if !v.CPU {
			n++
		}
	}
	return n
}

// header names the columns of the table.
const header = "DEVICE\tNAME\tUSED\tMEMORY\tLOAD\tTEMP\tPOWER\tCLOCKS\tUNITS\tFLOAT64\tBUS\tDRIVER"

// rows are the rows of the table.
func (d devices) rows() []string {
	var all []string
	for _, v := range d.Devices {
		double := "no"
		if v.Float64 {
			double = "yes"
		}
		name := v.Name
		if v.CPU {
			name += " (CPU)"
		}
		all = append(all, row(v.ID, name, fmt.Sprint(v.ComputeUnits), double, v.Memory, v.Telemetry, v.Bus, v.Driver))
	}
	for _, c := range d.Cards {
		all = append(all, row("", c.Name, "", "", 0, &c, c.Bus, ""))
	}
	return all
}

func row(id, name, units, double string, memory int64, t *gpu.Telemetry, bus, driver string) string {
	used, load, temperature, power, clocks := "-", "-", "-", "-", "-"
	if t != nil {
		if t.MemoryUsed.Known() {
			used = size(int64(t.MemoryUsed))
		}
		if memory == 0 && t.MemoryTotal.Known() {
			memory = int64(t.MemoryTotal)
		}
		load = reading(t.Load*100, "%")
		temperature = reading(t.Temperature, "°C")
		power = pair(t.Power, t.PowerLimit, "W")
		clocks = pair(t.CoreClock, t.MemoryClock, "MHz")
	}
	total := ""
	if memory > 0 {
		total = size(memory)
	}
	cells := []string{id, name, used, total, load, temperature, power, clocks, units, double, bus, driver}
	for i, c := range cells {
		if c == "" {
			cells[i] = "-"
		}
	}
	return strings.Join(cells, "\t")
}

// reading is "41 °C".
func reading(r gpu.Reading, unit string) string {
	if !r.Known() {
		return "-"
	}
	return number(r) + " " + unit
}

// pair is "123/350 W".
func pair(a, b gpu.Reading, unit string) string {
	if !a.Known() && !b.Known() {
		return "-"
	}
	return number(a) + "/" + number(b) + " " + unit
}

func number(r gpu.Reading) string {
	if !r.Known() {
		return "-"
	}
	return fmt.Sprintf("%.0f", float64(r))
}

// table aligns the header and the rows.
func table(d devices) string {
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, header)
	for _, r := range d.rows() {
		fmt.Fprintln(t, r)
	}
	t.Flush()
	return text.String()
}

func printDevices(w io.Writer, d devices) {
	if len(d.Devices)+len(d.Cards) > 0 {
		fmt.Fprint(w, table(d))
	}
}
