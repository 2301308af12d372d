package distributed

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// partSize is how much of an archive is held in memory, and is sent again after the connection broke.
const partSize = 16 << 20

// Archive is where files are that are too large to be held: a tar archive in the object store, cut into parts.
type Archive struct {
	Name  string `json:"name"` // of the parts: Name/0, Name/1, ...
	Parts int    `json:"parts"`
	Size  int64  `json:"size"` // bytes of the archive
}

func (a *Archive) part(i int) string { return fmt.Sprintf("%s/%d", a.Name, i) }

// writeArchive stores what fill writes.
func writeArchive(name string, put func(object string, data []byte) error, fill func(*tar.Writer) error) (*Archive, error) {
	w := &archiveWriter{Archive: Archive{Name: name}, put: put}
	out := tar.NewWriter(w)
	if err := fill(out); err != nil {
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return &w.Archive, w.flush()
}

type archiveWriter struct {
	Archive
	put  func(object string, data []byte) error
	held []byte
}

func (w *archiveWriter) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		k := min(len(b), partSize-len(w.held))
		w.held = append(w.held, b[:k]...)
		b, n = b[k:], n+k
		if len(w.held) == partSize {
			err = w.flush()
		}
	}
	return n, err
}

func (w *archiveWriter) flush() error {
	if len(w.held) == 0 {
		return nil
	}
	if err := w.put(w.part(w.Parts), w.held); err != nil {
		return err
	}
	w.Parts++
	w.Size += int64(len(w.held))
	w.held = w.held[:0]
	return nil
}

// addFile puts a file into an archive, as name.
func addFile(out *tar.Writer, open func(path string) (*os.File, error), path, name string) error {
	f, err := open(filepath.FromSlash(path))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return addData(out, name, info.Size(), f)
}

// addData puts so many bytes into an archive, as the file name.
func addData(out *tar.Writer, name string, size int64, data io.Reader) error {
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	if _, err := io.CopyN(out, data, size); err != nil {
		return fmt.Errorf("file %s: %w", name, err)
	}
	return nil
}

// read reads an archive from the first file to the last.
func (a *Archive) read(get func(object string) ([]byte, error), each func(h *tar.Header, data io.Reader) error) error {
	return readTar(&archiveReader{Archive: *a, get: get}, a.Size, each)
}

type archiveReader struct {
	Archive
	get  func(object string) ([]byte, error)
	next int
	rest []byte
}

func (r *archiveReader) Read(b []byte) (n int, err error) {
	for len(r.rest) == 0 {
		if r.next >= r.Parts {
			return 0, io.EOF
		}
		if r.rest, err = r.get(r.part(r.next)); err != nil {
			return 0, err
		}
		r.next++
	}
	n = copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// readTar reads the files and directories of an archive of so many bytes.
func readTar(archive io.Reader, size int64, each func(h *tar.Header, data io.Reader) error) error {
	in := tar.NewReader(archive)
	for {
		h, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Size > size { // a sparse file
			return fmt.Errorf("%w: %q in an archive has %d bytes", ErrTooLarge, h.Name, h.Size)
		}
		if err := each(h, in); err != nil {
			return err
		}
	}
}

// files are those of a task or a result, by their names.
type files struct {
	held  map[string][]byte
	paths map[string]string // on the disk
	open  func(path string) (*os.File, error)
	stat  func(path string) (fs.FileInfo, error)
}

// check checks the names and adds up the sizes.
func (f *files) check() (total int64, err error) {
	largest, most := "", int64(-1)
	add := func(name string, size int64) {
		if total += size; size > most {
			largest, most = name, size
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.held)) {
		if err := checkFile(name); err != nil {
			return 0, err
		}
		add(name, int64(len(f.held[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(f.paths)) {
		if err := checkFile(name); err != nil {
			return 0, err
		}
		info, err := f.stat(filepath.FromSlash(f.paths[name]))
		if err != nil {
			return 0, err
		}
		if !info.Mode().IsRegular() {
			return 0, fmt.Errorf("%w: %s is not a file", ErrName, f.paths[name])
		}
		add(name, info.Size())
	}
	if total > MaxFiles {
		return total, fmt.Errorf("%w: the files have %d bytes, at most %d, the largest of them is %s", ErrTooLarge, total, int64(MaxFiles), largest)
	}
	return total, nil
}

// read is all of them in memory.
func (f *files) read() (all map[string][]byte, err error) {
	all = map[string][]byte{}
	maps.Copy(all, f.held)
	for name, path := range f.paths {
		file, err := f.open(filepath.FromSlash(path))
		if err != nil {
			return nil, err
		}
		all[name], err = io.ReadAll(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// archive stores the files.
func (f *files) archive(name string, put func(object string, data []byte) error) (*Archive, error) {
	return writeArchive(name, put, func(out *tar.Writer) error {
		for _, name := range slices.Sorted(maps.Keys(f.held)) {
			if err := addData(out, name, int64(len(f.held[name])), bytes.NewReader(f.held[name])); err != nil {
				return err
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f.paths)) {
			if err := addFile(out, f.open, f.paths[name], name); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachFile calls f for the files of an archive. Its names are from elsewhere: none leads out of a directory.
func (a *Archive) eachFile(get func(object string) ([]byte, error), f func(name string, size int64, data io.Reader) error) error {
	return a.read(get, func(h *tar.Header, data io.Reader) error {
		if h.Typeflag != tar.TypeReg {
			return errors.New("malformed archive: not only files")
		}
		if err := checkFile(h.Name); err != nil {
			return err
		}
		return f(h.Name, h.Size, data)
	})
}
