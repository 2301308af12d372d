package nb

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/event"
)

// valuesFolder is where Once keeps values, in the folder of the notebook.
const valuesFolder = "runs/values"

var valueName = regexp.MustCompile(`^[\pL\pN_][\pL\pN._-]*$`)

// Once returns the value of this name: the first time what f returns, later,
// also in other cells and on other days, what it returned then. The name is the
// whole key: a changed f changes nothing until [Forget]. It says which of the two
// it does.
//
//	points := nb.Once("sobol", func() []float64 { return expensive(1024) })
//
// Values are kept by encoding/gob in runs/values, so their types must have
// exported fields only, or marshal themselves, and no pointers, functions or
// interfaces; another type ends the cell before f is called. So does a name
// under which there is a value of another type, be it by one field: nothing is
// written over. A slice or map that is empty may come back nil.
func Once[T any](name string, f func() T) T {
	path := valuePath(name)
	Check(storable(reflect.TypeFor[T](), reflect.TypeFor[T]().String()))
	v, kept, err := readValue[T](path)
	if err == nil {
		std.say("%s: kept since %s; nb.Forget(%q) drops it", name, kept.Format("2006-01-02 15:04:05"), name)
		return v
	}
	var other *otherType
	if errors.As(err, &other) {
		fail(fmt.Sprintf("the value %s has %v; nb.Forget(%q) drops it", name, other, name))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		std.say("%s: computed again, because what was kept cannot be used: %v", name, err)
	}
	start := time.Now()
	v = f()
	took := event.Duration(time.Since(start).Seconds())
	if err := writeValue(path, v); err != nil { // v may have taken long: the cell has it
		fmt.Fprintf(os.Stderr, "warning: %s: computed in %s, but not kept: %v\n", name, took, err)
		return v
	}
	std.say("%s: computed in %s", name, took)
	return v
}

// Forget drops the values of these names; Once computes them again.
func Forget(names ...string) {
	for _, name := range names {
		if err := os.Remove(valuePath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			Check(err)
		}
	}
}

func valuePath(name string) string {
	if !valueName.MatchString(name) {
		fail(fmt.Sprintf("the name of a value has letters, digits, '.', '_' and '-', not %q", name))
	}
	return filepath.Join(filepath.FromSlash(valuesFolder), name+".gob")
}

// otherType is the error of a value that is not of the type asked for.
type otherType struct{ kept, wanted string }

func (e *otherType) Error() string { return fmt.Sprintf("the type %s, not %s", e.kept, e.wanted) }

// A file has the type of the value, as text, then the value.
func writeValue[T any](path string, v T) (err error) {
	defer func() { // gob, and types that marshal themselves, may panic
		if p := recover(); p != nil {
			err = fmt.Errorf("the value cannot be kept: %v", p)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	var b bytes.Buffer
	e := gob.NewEncoder(&b)
	if err := e.Encode(describe(reflect.TypeFor[T](), nil)); err != nil {
		return err
	}
	if err := e.Encode(&v); err != nil {
		return fmt.Errorf("the value cannot be kept: %w", err)
	}
	return atomicfile.Write(path, &b)
}

// readValue returns the value in the file, and since when it is there.
func readValue[T any](path string) (v T, since time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return v, since, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return v, since, err
	}
	d := gob.NewDecoder(f)
	var kept string
	if err := d.Decode(&kept); err != nil {
		return v, since, err
	}
	if wanted := describe(reflect.TypeFor[T](), nil); kept != wanted {
		return v, since, &otherType{kept, wanted}
	}
	err = d.Decode(&v)
	return v, info.ModTime(), err
}

var marshalers = []reflect.Type{
	reflect.TypeFor[gob.GobEncoder](), reflect.TypeFor[encoding.BinaryMarshaler](),
}

// storable tells why values of type t, which stands at path, would not come
// back from gob as they were.
func storable(t reflect.Type, path string) error { return storableIn(t, path, map[reflect.Type]bool{}) }

func storableIn(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	if t.Kind() != reflect.Pointer && marshals(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return storableIn(t.Elem(), path, seen)
	case reflect.Map:
		if err := storableIn(t.Key(), path+" (key)", seen); err != nil {
			return err
		}
		return storableIn(t.Elem(), path, seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() {
				return fmt.Errorf("%s cannot be kept: its field %s is not exported; keep what it is made of, or a file", path, f.Name)
			}
			if err := storableIn(f.Type, path+"."+f.Name, seen); err != nil {
				return err
			}
		}
	case reflect.Pointer: // gob makes one to 0 nil, and stops at one that is nil
		return fmt.Errorf("%s cannot be kept: it is a pointer; keep what it points to", path)
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("%s cannot be kept: its kind is %s; keep what it is made of, or a file", path, t.Kind())
	}
	return nil
}

// marshals tells whether values of type t marshal themselves.
func marshals(t reflect.Type) bool {
	return slices.ContainsFunc(marshalers, func(m reflect.Type) bool {
		return t.Implements(m) || reflect.PointerTo(t).Implements(m)
	})
}

// describe is a type down to the names and types of its fields; within is what
// it is a part of.
func describe(t reflect.Type, within []reflect.Type) string {
	if marshals(t) || slices.Contains(within, t) {
		return t.String()
	}
	within = append(within, t)
	text := ""
	switch t.Kind() {
	case reflect.Slice:
		text = "[]" + describe(t.Elem(), within)
	case reflect.Array:
		text = fmt.Sprintf("[%d]%s", t.Len(), describe(t.Elem(), within))
	case reflect.Map:
		text = fmt.Sprintf("map[%s]%s", describe(t.Key(), within), describe(t.Elem(), within))
	case reflect.Struct:
		var fields []string
		for f := range t.Fields() {
			fields = append(fields, f.Name+" "+describe(f.Type, within))
		}
		text = "struct{" + strings.Join(fields, "; ") + "}"
	default:
		text = t.Kind().String()
	}
	if t.PkgPath() != "" {
		text = t.String() + " " + text
	}
	return text
}
