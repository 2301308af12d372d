package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	require.NoError(t, Write(path, strings.NewReader("one")))
	require.NoError(t, Write(path, strings.NewReader("two")))

	broken := errors.New("broken")
	err := Write(path, io.MultiReader(strings.NewReader("thr"), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(data), "a failed write leaves the old file")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "and nothing else")

	require.Error(t, Write(filepath.Join(dir, "none", "a.txt"), strings.NewReader("")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o755))
	require.Error(t, Write(filepath.Join(dir, "taken"), strings.NewReader("")))
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	f, err := Create(path)
	require.NoError(t, err)
	_, err = f.WriteString("one")
	require.NoError(t, err)
	require.NoFileExists(t, path, "not before it is complete")
	require.NoError(t, f.Commit())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "one", string(data))

	f, err = Create(path)
	require.NoError(t, err)
	f.Discard()
	f, err = Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Error(t, f.Commit(), "a closed file")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
