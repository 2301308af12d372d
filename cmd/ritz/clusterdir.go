package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/seed-0772dd2d/ritz/distributed/launch"
	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

// A cluster on this machine is a directory:
//
//	token          what clients and workers must know
//	cluster.json   addresses, and what its workers are started with
//	store/         the coordinator's
//	coordinator/   the launcher of the coordinator, and its log
//	workers/       the launcher of the workers, and their logs

// clusterFile is cluster.json.
type clusterFile struct {
	Connect   string   `json:"connect"`
	Dashboard string   `json:"dashboard,omitempty"`
	Worker    []string `json:"worker"` // arguments of "ritz worker" beside where and who
}

// clusterDir is the directory of the flag, of the environment or the usual one.
func clusterDir(flag string) (string, error) {
	if dir := firstOf(flag, os.Getenv("RITZ_CLUSTER")); dir != "" {
		return filepath.Abs(dir)
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "ritz", "cluster"), err
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "ritz", "cluster"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "ritz", "cluster"), err
}

func readCluster(dir string) (*clusterFile, error) {
	path := filepath.Join(dir, "cluster.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := new(clusterFile)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return c, nil
}

func (c *clusterFile) write(dir string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, "cluster.json"), bytes.NewReader(append(text, '\n')))
}

// newToken draws a word that cannot be guessed.
func newToken() string { return rand.Text() }

// workerLauncher keeps processes "ritz worker" in dir. The token is in a file, which
// only its owner can read.
func workerLauncher(dir, url, tokenFile string, args []string, bound bool) (*launch.Local, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return launch.NewLocal(launch.LocalSettings{
		Dir: dir, Bound: bound,
		Command: func(id string) []string {
			command := []string{exe, "worker", "--connect", url, "--token-file", tokenFile, "--id", id}
			if bound {
				command = append(command, "--until-eof")
			}
			return append(command, args...)
		},
	})
}
