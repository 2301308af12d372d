// Package process runs external programs such that they leave nothing behind:
// when the context of a command is done, it is killed together with the
// processes that it started.
package process
