package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// vendor is what belongs together when no GPU is found.
type vendor struct {
	name   string
	pci    string   // number of the vendor
	prefix []string // of messages: the drivers and libraries
	files  []string // what its driver for Linux makes
	linux  string   // what is needed there
	other  string   // and elsewhere
	more   string   // needed on Linux for a GPU where what is there drives the processor; "": the same
}

var vendors = []vendor{
	{
		"NVIDIA", "0x10de", []string{"cuda", "nvrtc", "nvml"}, []string{"/dev/nvidiactl"},
		`NVIDIA's driver, for the kernel and libcuda.so.1 (package nvidia-driver), and NVRTC to
compile kernels (of the CUDA toolkit, or the wheel nvidia-cuda-nvrtc-cu12 and RITZ_NVRTC
naming its libnvrtc.so.12). In a container: NVIDIA Container Toolkit on the host,
and --gpus all`,
		`NVIDIA's driver, which brings CUDA, OpenCL and NVML, and the CUDA toolkit for NVRTC`, "",
	},
	{
		"AMD", "0x1002", []string{"hip", "hiprtc", "amd_smi", "rocm_smi", "goamdsmi"}, []string{"/dev/kfd", "/dev/dri"},
		`the driver amdgpu of the kernel, which makes /dev/kfd and /dev/dri, with a user in the
groups render and video, and HIP with hipRTC (libamdhip64 and libhiprtc, of ROCm or
package libamdhip64-5). In a container: --device /dev/kfd --device /dev/dri
--group-add video --group-add with the number of the host's group render`,
		`AMD's driver, which brings OpenCL`, "",
	},
	{
		"OpenCL, of any vendor", "", []string{"opencl"}, nil,
		`the loader libOpenCL.so.1 (package ocl-icd-libopencl1) and a driver that a file in
/etc/OpenCL/vendors names (packages nvidia-opencl-icd, intel-opencl-icd; for AMD that of
ROCm, or mesa-opencl-icd; pocl-opencl-icd computes on the processor)`,
		`the driver of the card, which brings OpenCL; macOS has it`,
		`beside this one the driver of a card, which a file in /etc/OpenCL/vendors names (packages
nvidia-opencl-icd, intel-opencl-icd; for AMD that of ROCm, or mesa-opencl-icd)`,
	},
}

// machine is where drivers leave traces.
type machine struct{ system, root string }

func thisMachine() machine { return machine{runtime.GOOS, "/"} }

// cards are the PCI addresses of a vendor's graphics cards and accelerators.
func (m machine) cards(vendor string) []string {
	var all []string
	devices, _ := filepath.Glob(filepath.Join(m.root, "sys/bus/pci/devices/*"))
	for _, d := range devices {
		is := func(file, prefix string) bool {
			text, err := os.ReadFile(filepath.Join(d, file))
			return err == nil && strings.HasPrefix(string(text), prefix)
		}
		if is("vendor", vendor) && (is("class", "0x03") || is("class", "0x12")) {
			all = append(all, filepath.Base(d))
		}
	}
	return all
}

// file tells how it is with a file of a driver.
func (m machine) file(path string) string {
	f, err := os.OpenFile(filepath.Join(m.root, path), os.O_RDWR, 0)
	if err == nil {
		f.Close()
	}
	switch info, failed := os.Stat(filepath.Join(m.root, path)); {
	case failed != nil:
		return path + " is not there"
	case err == nil || info.IsDir():
		return path + " is there"
	case errors.Is(err, fs.ErrPermission):
		return path + " is there, but this user may not open it: see its group"
	}
	return fmt.Sprintf("%s is there, but cannot be opened: %v", path, err)
}

// explain tells of faults; where there is no GPU, of what was looked for and what would
// be needed; of GPUs without telemetry, why.
func explain(w io.Writer, d devices, m machine) {
	warn(w, d, nil)
	if d.gpus() == 0 {
		fmt.Fprintln(w, "no GPU to compute with. What was looked for, and what would be needed:")
		for _, v := range vendors {
			v.explain(w, d, m)
		}
		return
	}
	for _, v := range d.Devices {
		if !v.CPU && v.Telemetry == nil {
			fmt.Fprintln(w, strings.Join(append([]string{v.ID + ": no telemetry"}, about(d, "nvml", "amd_smi", "rocm_smi", "goamdsmi")...), "; "))
		}
	}
	for _, c := range d.Cards {
		fmt.Fprintln(w, strings.Join(append([]string{c.Name + " at " + c.Bus + ": no driver to compute with"}, about(d, "cuda", "hip", "opencl")...), "; "))
	}
}

// about are the messages of some libraries.
func about(d devices, libraries ...string) []string {
	var all []string
	for _, text := range d.Messages {
		if library, _, _ := strings.Cut(text, ":"); slices.Contains(libraries, library) {
			all = append(all, text)
		}
	}
	return all
}

func (v vendor) explain(w io.Writer, d devices, m machine) {
	title, needed := v.name, v.other
	if m.system == "linux" {
		needed = v.linux
	}
	if v.pci != "" && m.system == "linux" {
		if cards := m.cards(v.pci); len(cards) > 0 {
			title += ": a card at " + strings.Join(cards, ", ")
		} else {
			title += ": no card on the PCI bus"
		}
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, text := range about(d, v.prefix...) {
		fmt.Fprintln(w, " ", text)
	}
	for _, c := range d.Cards {
		if slices.Contains(v.prefix, c.Source) {
			fmt.Fprintf(w, "  %s: shows %s at %s\n", c.Source, c.Name, c.Bus)
		}
	}
	if m.system == "linux" {
		for _, f := range v.files {
			fmt.Fprintln(w, " ", m.file(f))
		}
	}
	if slices.Contains(v.prefix, "opencl") {
		for _, o := range d.Devices {
			if o.Backend == "opencl" {
				fmt.Fprintf(w, "  opencl: only %s, %s, which is the processor\n", o.ID, o.Name)
				if m.system == "linux" {
					needed = v.more
				}
			}
		}
	}
	fmt.Fprintf(w, "  needed:\n    %s\n", strings.ReplaceAll(needed, "\n", "\n    "))
}
