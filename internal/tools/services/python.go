package main

import (
	"os/exec"
	"path/filepath"
)

// modules are what Python needs for the tests of sdk/python, as a program that fails without them. Of PyJWT 2.6 is the first that will do.
const modules = `import sys, jwt, cryptography, django, rest_framework, asgiref, pytest
sys.exit(sys.version_info < (3, 10) or tuple(map(int, jwt.__version__.split(".")[:2])) < (2, 6))`

// python is the Python that the tests of sdk/python run in. A machine may have several; Debian's packages are for its own.
var python = service{
	name:     "Python 3.10 with PyJWT 2.6, cryptography, Django, Django REST framework and pytest",
	variable: "VESTIBULE_PYTHON",
	packages: "python3 python3-jwt python3-cryptography python3-django python3-djangorestframework python3-pytest",
	find:     func() string { return pythonWith(modules) },
}

// pythonWith is the first Python in which a program runs without complaint, or "".
func pythonWith(program string) string {
	candidates := []string{"/usr/bin/python3"}
	if path, err := exec.LookPath("python3"); err == nil {
		candidates = append([]string{path}, candidates...)
	}
	newer, err := filepath.Glob("/usr/bin/python3.[1-9][0-9]")
	if err == nil {
		candidates = append(candidates, newer...)
	}
	for _, path := range candidates {
		cmd := exec.Command(path, "-B", "-c", program)
		cmd.Dir = "/" // a file of the working directory must not pass for a module
		if cmd.Run() == nil {
			return path
		}
	}
	return ""
}
