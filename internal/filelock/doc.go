// Package filelock locks files between processes. The lock is the system's: a process that is killed leaves none behind.
package filelock
