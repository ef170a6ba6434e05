# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by boot, which sources it

# machine ARCH LOGS: what stands for an architecture. Sets
#   qemu                   the first words of QEMU's command line
#   cpu, counted_cpu       what it emulates; the same where instructions are counted
#   ports                  its options for two ports that end in files of LOGS, beside a serial console
#   console, results, out  what the guest calls the three
machine() {
	local arch=$1 logs=$2
	case $arch in
	amd64 | i386)
		qemu=(qemu-system-x86_64 -machine pc)
		cpu=max,la57=off
		if [[ $arch == i386 ]]; then
			qemu=(qemu-system-i386 -machine pc)
			# The AMD that it would be otherwise cannot have a second CPU.
			cpu=max,vendor=GenuineIntel
		fi
		# One string instruction must count as one.
		counted_cpu=$cpu,-erms,-fsrm
		ports=(-serial "file:$logs/results" -serial "file:$logs/out.tar")
		console=ttyS0 results=ttyS1 out=ttyS2
		return
		;;
	arm64)
		qemu=(qemu-system-aarch64 -machine virt)
		cpu=cortex-a57
		console=ttyAMA0
		;;
	s390x)
		qemu=(qemu-system-s390x -machine s390-ccw-virtio)
		cpu=max
		console=ttysclp0
		;;
	*)
		die "no machine is known for $arch"
		;;
	esac
	counted_cpu=$cpu
	# These have no more serial ports.
	ports=(-device virtio-serial
		-chardev "file,id=results,path=$logs/results" -device "virtserialport,chardev=results,name=results"
		-chardev "file,id=out,path=$logs/out.tar" -device "virtserialport,chardev=out,name=out")
	results=virtio-ports/results out=virtio-ports/out
}
