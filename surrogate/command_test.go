package surrogate

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const commandVariable = "RITZ_TEST_AS_COMMAND"

// The test binary is the simulator, too.
func init() {
	if os.Getenv(commandVariable) != "" {
		simulator(os.Args[1], os.Args[2:])
		os.Exit(0)
	}
}

func simulator(what string, args []string) {
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return v
	}
	switch what {
	case "sum":
		fmt.Printf("step 1 of 1\nf = %v\ndone.\n", number(args[0])+2*number(args[1]))
	case "file": // reads one, writes another
		text, err := os.ReadFile("in/model.txt")
		if err != nil {
			panic(err)
		}
		var a, b float64
		fmt.Sscanf(string(text), "a = %g\nb = %g", &a, &b)
		os.WriteFile("out.txt", fmt.Appendf(nil, "f: %g\nrms: 99\n", a+2*b), 0o666)
		fmt.Println(12345)
	case "where":
		dir, _ := os.Getwd()
		fmt.Println(dir, 1)
	case "print":
		fmt.Println(args[0])
	case "crash":
		fmt.Fprintln(os.Stderr, "mesh is tangled")
		os.Exit(7)
	case "hang":
		time.Sleep(time.Hour)
	case "call": // and hold the line
		conn, err := net.Dial("tcp", args[0])
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, conn)
	case "family": // a child that hangs, and holds the pipes
		child := exec.Command(os.Args[0], "call", args[0])
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Run(); err != nil {
			panic(err)
		}
	case "garbage": // for ever, if nobody stops it
		line := strings.Repeat("\xff\x00 lorem ipsum ", 100)
		for range 3000 {
			fmt.Println(line)
		}
	case "flaky": // succeeds at the third try
		text, _ := os.ReadFile(args[0])
		if len(text) < 2 {
			os.WriteFile(args[0], append(text, '.'), 0o666)
			os.Exit(1)
		}
		fmt.Println(42)
	}
}

func command(t *testing.T, args ...string) Command {
	t.Setenv(commandVariable, "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	exe, err := os.Executable()
	require.NoError(t, err)
	return Command{Args: append([]string{exe}, args...), Timeout: time.Minute, Parallel: 2}
}

func TestCommand(t *testing.T) {
	x := []float64{0.1, 1.0 / 3, -2, 1e-300, math.Pi, 1e22}
	files := map[string]string{"in/model.txt": "a = {x1}\nb = {x2}\n"}
	for name, c := range map[string]Command{
		"standard output": command(t, "sum", "{x1}", "{x2}"),
		"named inputs":    {Args: command(t, "sum", "{a}", "{b}").Args, Inputs: []string{"a", "b"}},
		"pattern":         {Args: command(t, "sum", "{x1}", "{x2}").Args, Pattern: `f = (\S+)`},
		"files":           {Args: command(t, "file").Args, Files: files, Output: "out.txt", Pattern: `f: (.*)`},
	} {
		t.Run(name, func(t *testing.T) {
			y, errs := make([]float64, 3), make([]error, 3)
			require.NoError(t, c.Check(2))
			require.NoError(t, c.Evaluate(context.Background(), x, 3, y, errs))
			for i := range y {
				require.NoError(t, errs[i])
				require.Equal(t, x[2*i]+2*x[2*i+1], y[i], "the text gives the very number")
			}
		})
	}
}

func evaluateOne(t *testing.T, ctx context.Context, c Command, x ...float64) (float64, error, error) {
	y, errs := []float64{7}, make([]error, 1)
	err := c.Evaluate(ctx, x, 1, y, errs)
	if errs[0] != nil {
		require.True(t, math.IsNaN(y[0]))
	}
	return y[0], errs[0], err
}

func TestCommandFailures(t *testing.T) {
	limited := command(t, "hang", "{x1}")
	limited.Timeout = 50 * time.Millisecond
	retried := command(t, "crash", "{x1}")
	retried.Retries = 2
	pattern := command(t, "print", "f={x1}!")
	pattern.Pattern = `g=(.*)`
	word := command(t, "print", "f={x1}!")
	word.Pattern = `f=(.*)`
	file := command(t, "print", "{x1}")
	file.Output = "out.txt"
	for name, test := range map[string]struct {
		Command
		want string
	}{
		"hanging":      {limited, "killed at its time limit of 50ms"},
		"crashing":     {command(t, "crash", "{x1}"), "exit status 7; its standard error ends with: mesh is tangled"},
		"retried":      {retried, "(after 3 tries)"},
		"silent":       {command(t, "nothing", "{x1}"), "no number in the standard output of the command, which is empty"},
		"garbage":      {command(t, "garbage", "{x1}"), "no number in the standard output"},
		"not a number": {command(t, "print", "9 nan {x1}nan"), "the value is NaN"},
		"infinite":     {command(t, "print", "{x1}e999"), "the value is +Inf"},
		"no match":     {pattern, `nothing in the standard output of the command matches "g=(.*)", which ends with "f=1!"`},
		"bad match":    {word, `"1!" in the standard output`},
		"no file":      {file, "wrote no output file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, failure, err := evaluateOne(t, context.Background(), test.Command, 1)
			require.NoError(t, err, "a failure is of the point alone")
			require.ErrorContains(t, failure, test.want)
		})
	}
}

func TestCommandRetries(t *testing.T) {
	c := command(t, "flaky", filepath.Join(t.TempDir(), "tries"), "{x1}")
	c.Retries = 2
	y, failure, err := evaluateOne(t, context.Background(), c, 1)
	require.NoError(t, err)
	require.NoError(t, failure)
	require.Equal(t, 42.0, y)
}

// One point fails, and the others have their values.
func TestCommandGoesOn(t *testing.T) {
	c := command(t, "print", "{x1}")
	c.Pattern = `^[13]\s`
	y, errs := make([]float64, 3), make([]error, 3)
	require.NoError(t, c.Evaluate(context.Background(), []float64{1, 2, 3}, 3, y, errs))
	require.Error(t, errs[1])
	require.NoError(t, errs[0])
	require.NoError(t, errs[2])
	require.Equal(t, []float64{1, 3}, []float64{y[0], y[2]})
}

func TestCommandDirectories(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, own := range []bool{false, true} {
		c := command(t, "where", "{x1}")
		c.Dir, c.Pattern = dir, `(?s).*`
		if own {
			c.Files = map[string]string{"a": "{dir}"}
		}
		r, err := c.prepare(1)
		require.NoError(t, err)
		_, err = r.run(context.Background(), []float64{1})
		require.Error(t, err)
		if own {
			require.NotContains(t, err.Error(), filepath.Base(dir))
		} else {
			require.ErrorContains(t, err, filepath.Base(dir))
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// Cancelled, a command has not failed, and ends with the processes it started.
func TestCommandCancelled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			ended <- err
			return
		}
		cancel()
		err = conn.SetReadDeadline(time.Now().Add(time.Minute))
		if err == nil {
			_, err = io.Copy(io.Discard, conn) // until the child is gone
		}
		ended <- err
	}()
	c := command(t, "family", listener.Addr().String(), "{x1}")
	c.Retries = 1000
	_, failure, err := evaluateOne(t, ctx, c, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, failure, context.Canceled)
	if err := <-ended; err != nil { // a killed process may reset the connection
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}

func TestCommandRefused(t *testing.T) {
	good := command(t, "sum", "{x1}", "{x2}")
	for want, change := range map[string]func(c *Command){
		"no program to run":                         func(c *Command) { c.Args = nil },
		"1 names for 2 inputs":                      func(c *Command) { c.Inputs = []string{"x1"} },
		"time limit -1ns":                           func(c *Command) { c.Timeout = -1 },
		"-1 retries":                                func(c *Command) { c.Retries = -1 },
		"-2 runs at once":                           func(c *Command) { c.Parallel = -2 },
		"input x2 occurs in no argument or file":    func(c *Command) { c.Args = c.Args[:3] },
		"error parsing regexp":                      func(c *Command) { c.Pattern = "(" },
		`output file "../f", want a name within`:    func(c *Command) { c.Output = "../f" },
		`input file "/f", want a name within`:       func(c *Command) { c.Files = map[string]string{"/f": ""} },
		"no-such-program":                           func(c *Command) { c.Args[0] = "no-such-program" },
		filepath.Join("nowhere", "no-such-program"): func(c *Command) { c.Args[0], c.Dir = "./no-such-program", "nowhere" },
	} {
		c := good
		c.Args = append([]string(nil), good.Args...)
		change(&c)
		_, _, err := evaluateOne(t, context.Background(), c, 1, 2)
		require.ErrorIs(t, err, ErrSettings)
		require.ErrorContains(t, err, want)
	}
}

func TestLastNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"3.5":                  3.5,
		"step10 f=2.5e3, 7 s.": 7,
		"f = -1.25D-03\n":      -1.25e-3,
		"The value is 3.5.":    3.5,
		"(1, 2)":               2,
		"x1=4;x2=5 bytes":      5,
		"1e-400":               0,
		"Größe: 7 µm, 8é":      8,
		"2024-01-02 10 v2":     10,
	} {
		v, ok := lastNumber([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, want, v, text)
	}
	for _, text := range []string{"", "no", "e", "-", "1.2.3", "x1 y2 3m", "\xff\xfe"} {
		_, ok := lastNumber([]byte(text))
		require.False(t, ok, text)
	}
}

// The last number is found whatever stands before it, and nothing panics.
func FuzzLastNumber(f *testing.F) {
	for _, text := range []string{"", "a 1", "é", "\xff1", "1.D+2 d"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lastNumber(text)
		v, ok := lastNumber(append(text, " 1.5"...))
		require.True(t, ok)
		require.Equal(t, 1.5, v)
	})
}

func TestTail(t *testing.T) {
	w := tail{most: 5}
	for i := range 26 {
		n, err := w.Write([]byte{byte('a' + i)})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.LessOrEqual(t, len(w.kept), 10)
	}
	require.Equal(t, "vwxyz", string(w.bytes()))
	w.Write([]byte("0123456789"))
	require.Equal(t, "56789", string(w.bytes()))
}
