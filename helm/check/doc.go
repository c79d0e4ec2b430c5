// Package check tries the chart helm/vestibule, with Helm itself and without a cluster. Its tests render the chart with each of the value
// sets in testdata/values, and hold what comes out to four things: that it is what was looked at before (testdata/golden; -update writes it
// anew), that Kubernetes knows every field of it (strict decoding into the types of its API and of the extensions that the chart uses), that
// kube-score has nothing to say that is not answered here, and that what the chart promises of security is so in every object. Values that
// cannot work have to be refused in words that help.
//
// It is a module of its own, so that the types of Kubernetes are no part of the server's.
//
// The variables HELM and KUBE_SCORE name the programs; without them, those in PATH are taken. "make helm" gives them.
package check
