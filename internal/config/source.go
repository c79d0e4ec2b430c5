package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	prefix     = "VESTIBULE_"
	fileSuffix = "_FILE"
	seeHelp    = "Run with --help for the names and what they take"

	// mostInFile bounds what is read of a file that holds a value, so that naming a device does no harm.
	mostInFile = 64 << 10
)

// grant is a value and where it came from.
type grant struct {
	source, value string
	file          bool // it was read from a file
}

// input is what args and environ say, before any value is looked at.
type input struct {
	given  map[string]grant // by the setting's name; never an empty value
	faulty map[string]bool  // settings whose value could not be had; the fault is in faults
	faults []Fault

	dev, migrate, sealKeys, ready, help, version bool
	devDir, wait                                 string
}

// has reports whether a value was given, be it one that could not be read.
func (in *input) has(name string) bool {
	_, ok := in.given[name]
	return ok || in.faulty[name]
}

// collect reads the environment first and the flags over it.
func collect(args, environ []string) *input {
	in := &input{given: map[string]grant{}, faulty: map[string]bool{}, devDir: defaultDevDir}
	in.environment(environ)
	in.flags(args)
	return in
}

func (in *input) environment(environ []string) {
	vars := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, prefix) {
			vars[name] = value
		}
	}
	names := make([]string, 0, len(vars))
	for name := range vars {
		names = append(names, name)
	}
	slices.Sort(names) // so that faults always come in the same order
	for _, env := range names {
		value := vars[env]
		name := strings.TrimPrefix(env, prefix)
		if settingNamed(name) != nil {
			if value != "" && !in.faulty[name] {
				in.given[name] = grant{source: env, value: value}
			}
			continue
		}
		base, isFile := strings.CutSuffix(name, fileSuffix)
		switch {
		case !isFile || settingNamed(base) == nil:
			if !serviceLink(name, value) && !othersVariable(name) {
				in.unknownVariable(env)
			}
		case value == "":
		case vars[prefix+base] != "":
			in.unreadable(base, Fault{
				Name: prefix + base, Problem: "and " + env + " are both set", Remedy: "Keep one of them and remove the other",
			})
		default:
			in.file(base, env, value)
		}
	}
}

// unreadable notes that there is no telling the value of a setting.
func (in *input) unreadable(name string, f Fault) {
	delete(in.given, name)
	in.faulty[name] = true
	in.faults = append(in.faults, f)
}

// file takes the value of a setting from the file at path. The path is not repeated in a fault: it is what people put
// the secret in by mistake.
func (in *input) file(name, env, path string) {
	value, err := ReadValue(path)
	switch {
	case errors.Is(err, errEmpty):
		in.unreadable(name, Fault{
			Name: env, Problem: "names a file that is empty", Remedy: "Write the value into it, or remove the setting",
		})
	case err != nil:
		in.unreadable(name, Fault{
			Name: env, Problem: "names a file that cannot be read: " + reason(err),
			Remedy: "Check the path, and that this user may read the file",
		})
	default:
		in.given[name] = grant{source: env, value: value, file: true}
	}
}

var (
	errTooLong = errors.New("it is longer than 64 KiB")
	errEmpty   = errors.New("it is empty")
)

// ReadValue is the value that a file holds, without the newlines at its end. A file without a value is an error, and no
// error repeats the path, which is where people put the secret by mistake. It is what every program of the house reads
// such files with.
func ReadValue(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	b, err := io.ReadAll(io.LimitReader(f, mostInFile+1))
	if err != nil {
		return "", withoutPath(err)
	}
	if len(b) > mostInFile {
		return "", errTooLong
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return "", errEmpty
	}
	return value, nil
}

func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// reason is why a file could not be used, without its path.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.Is(err, syscall.EISDIR):
		return "it is a folder"
	default:
		return withoutPath(err).Error()
	}
}

// serviceLinks are the names that Kubernetes sets in every container of a namespace that has a service whose name begins
// with "vestibule". They come from the platform, not from a person, and must not stop the start.
var serviceLinks = regexp.MustCompile(
	`^([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

func serviceLink(name, value string) bool {
	if serviceLinks.MatchString(name) {
		return true
	}
	// VESTIBULE_PORT holds an address such as tcp://10.0.0.1:8080 there. A bare number is a person's mistake for LISTEN.
	return (name == "PORT" || strings.HasSuffix(name, "_PORT")) && strings.Contains(value, "://")
}

// othersVariable reports whether a variable is read by other programs of the product, whose environment a server often
// shares: by the admin command, and by the tests.
func othersVariable(name string) bool {
	return strings.TrimSuffix(name, fileSuffix) == "ADMIN_URL" || strings.HasPrefix(name, "TEST_")
}

func (in *input) unknownVariable(env string) {
	var known []string
	for i := range settings {
		known = append(known, settings[i].env(), settings[i].env()+fileSuffix)
	}
	in.faults = append(in.faults, Fault{Name: env, Problem: "is not a setting", Remedy: suggestion(env, known)})
}

// flags reads args. The standard flag package stops at the first fault; this goes on, and never repeats a value.
func (in *input) flags(args []string) {
	switches := map[string]*bool{
		"dev": &in.dev, "migrate": &in.migrate, "seal-keys": &in.sealKeys, "ready": &in.ready, "help": &in.help, "h": &in.help, "version": &in.version,
	}
	for i := 0; i < len(args); i++ {
		if len(args[i]) < 2 || args[i][0] != '-' || args[i] == "--" {
			in.faults = append(in.faults, Fault{
				Name: "Argument " + strconv.Itoa(i+1), Problem: "is not a flag",
				Remedy: "Settings are given as --name value; run with --help for their names",
			})
			continue
		}
		name, value, has := strings.Cut(strings.TrimPrefix(args[i][1:], "-"), "=")
		if to, ok := switches[name]; ok {
			if has && value != "true" && value != "false" {
				in.faults = append(in.faults, Fault{
					Name: "--" + name, Problem: "takes no value", Remedy: "Write --" + name + " alone",
				})
			}
			*to = !has || value == "true"
			continue
		}
		s := settingOfFlag(name)
		if s == nil && name != "dev-dir" && name != "wait" {
			in.unknownFlag(name, i)
			if !has && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++ // most likely its value
			}
			continue
		}
		if !has && s != nil && s.isSwitch {
			value, has = "true", true
			if i+1 < len(args) && (args[i+1] == "true" || args[i+1] == "false") {
				i++
				value = args[i]
			}
		}
		if !has {
			if i+1 == len(args) {
				in.faults = append(in.faults, Fault{
					Name: "--" + name, Problem: "has no value", Remedy: "Write it as --" + name + "=value",
				})
				continue
			}
			i++
			value = args[i]
		}
		switch {
		case value == "":
		case s != nil:
			in.given[s.name] = grant{source: "--" + name, value: value}
		case name == "wait":
			in.wait = value
		default:
			in.devDir = value
		}
	}
}

// speakable is a flag's name that can be repeated without fear that it is something else.
var speakable = regexp.MustCompile(`^[a-z][a-z-]{0,40}$`)

func (in *input) unknownFlag(name string, at int) {
	f := Fault{Name: "Argument " + strconv.Itoa(at+1), Problem: "is not a flag that exists", Remedy: seeHelp}
	if speakable.MatchString(name) {
		var known []string
		for _, row := range flagsOnly {
			known = append(known, row.name)
		}
		for i := range settings {
			known = append(known, "--"+settings[i].flag())
		}
		f.Name, f.Problem = "--"+name, "is not a flag"
		f.Remedy = suggestion(f.Name, known)
	}
	in.faults = append(in.faults, f)
}

// suggestion names the known name that is nearest to what was written, if one is near.
func suggestion(written string, known []string) string {
	best, least := "", max(2, len(written)/4)+1
	for _, k := range known {
		if d := distance(written, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return seeHelp
	}
	return "Did you mean " + best + "? If not, remove it; run with --help for all names"
}

// distance is the number of single-character changes between a and b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
