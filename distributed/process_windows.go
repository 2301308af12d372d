package distributed

import (
	"os"
	"os/exec"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// guard keeps the processes that a worker starts: each in a job object of its own,
// which ends them all when it is closed, and so when the worker dies.
type guard struct {
	mu   sync.Mutex
	jobs map[int]windows.Handle
}

func newGuard() *guard { return &guard{jobs: map[int]windows.Handle{}} }

// prepare keeps the console's interrupts from the child.
func (g *guard) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &windows.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// add puts a child that has been started into a job object, with its memory limit.
func (g *guard) add(pid int, memory int64) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if memory > 0 {
		info.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_JOB_MEMORY
		info.JobMemoryLimit = uintptr(2 * memory) // committed; what is resident is measured
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		windows.CloseHandle(job)
		return
	}
	defer windows.CloseHandle(process)
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil || windows.AssignProcessToJobObject(job, process) != nil {
		windows.CloseHandle(job)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.jobs[pid] = job
}

// remove forgets a child that has ended, and ends what it left behind.
func (g *guard) remove(pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if job, ok := g.jobs[pid]; ok {
		windows.CloseHandle(job)
		delete(g.jobs, pid)
	}
}

// pids are the children that run.
func (g *guard) pids() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	pids := make([]int, 0, len(g.jobs))
	for pid := range g.jobs {
		pids = append(pids, pid)
	}
	return pids
}

// close ends what still runs.
func (g *guard) close() {
	for _, pid := range g.pids() {
		g.remove(pid)
	}
}

// terminate is kill: there is no signal that asks a process to end.
func (g *guard) terminate(pid int) { g.kill(pid) }

func (g *guard) kill(pid int) {
	g.mu.Lock()
	job, ok := g.jobs[pid]
	g.mu.Unlock()
	if ok {
		_ = windows.TerminateJobObject(job, 1)
	} else if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// status is the exit code of a process: there are no signals.
func status(s *os.ProcessState) (code int, signal string) {
	if s == nil {
		return -1, ""
	}
	return s.ExitCode(), ""
}

// jobAccounting is JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, times in 100 ns.
type jobAccounting struct {
	user, kernel, periodUser, periodKernel int64
	faults, total, active, terminated      uint32
}

// jobProcesses is JOBOBJECT_BASIC_PROCESS_ID_LIST for up to so many processes.
type jobProcesses struct {
	assigned, listed uint32
	ids              [256]uintptr
}

// memoryCounters is PROCESS_MEMORY_COUNTERS.
type memoryCounters struct {
	size, faults            uint32
	peakWorkingSet, working uintptr
	quota                   [4]uintptr
	pagefile, peakPagefile  uintptr
}

var getProcessMemoryInfo = windows.NewLazySystemDLL("psapi.dll").NewProc("GetProcessMemoryInfo")

// measure is what the children, and the worker's own process, use.
func (g *guard) measure(pids []int) (map[int]usage, error) {
	sum := map[int]usage{}
	for _, pid := range pids {
		if pid == os.Getpid() {
			var created, exited, kernel, user windows.Filetime
			self := windows.CurrentProcess()
			u := usage{rss: workingSet(self)}
			if windows.GetProcessTimes(self, &created, &exited, &kernel, &user) == nil {
				u.cpu = fileDuration(kernel) + fileDuration(user)
			}
			sum[pid] = u
			continue
		}
		g.mu.Lock()
		job, ok := g.jobs[pid]
		if ok {
			sum[pid] = jobUsage(job)
		}
		g.mu.Unlock()
	}
	return sum, nil
}

func jobUsage(job windows.Handle) (u usage) {
	var times jobAccounting
	if windows.QueryInformationJobObject(job, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&times)), uint32(unsafe.Sizeof(times)), nil) == nil {
		u.cpu = time.Duration(times.user+times.kernel) * 100
	}
	var list jobProcesses
	if windows.QueryInformationJobObject(job, windows.JobObjectBasicProcessIdList,
		uintptr(unsafe.Pointer(&list)), uint32(unsafe.Sizeof(list)), nil) != nil {
		return u
	}
	for _, id := range list.ids[:min(int(list.listed), len(list.ids))] {
		p, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(id))
		if err == nil {
			u.rss += workingSet(p)
			windows.CloseHandle(p)
		}
	}
	return u
}

func workingSet(p windows.Handle) int64 {
	var m memoryCounters
	m.size = uint32(unsafe.Sizeof(m))
	if ok, _, _ := getProcessMemoryInfo.Call(uintptr(p), uintptr(unsafe.Pointer(&m)), uintptr(m.size)); ok == 0 {
		return 0
	}
	return int64(m.working)
}

func fileDuration(t windows.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
