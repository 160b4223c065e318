#!/bin/bash
# deploy-pipeline.sh: builds the image of an application and releases it to one environment after the other.
#
#   deploy-pipeline.sh build                builds, scans and pushes the image
#   deploy-pipeline.sh deploy ENV           commits the image to an environment, waits until it is healthy, and tests it
#   deploy-pipeline.sh promote FROM TO      the same for TO, if FROM is healthy with this image; for production it
#                                           opens a pull request instead
#   deploy-pipeline.sh verify ENV           waits until what was merged for an environment is healthy, and tests it
#   deploy-pipeline.sh full-pipeline        build, dev, staging, and the pull request for production
#
# It needs docker, gh (for the pull request) and sluice, whose kubeconfig may get and patch the Applications
# APP_NAME-ENV. Git's own settings and credentials are used for pushes.
set -euo pipefail

APP_NAME=${APP_NAME:-myapp}
REGISTRY=${REGISTRY:-myregistry}
IMAGE_TAG=${IMAGE_TAG:-$(git rev-parse --short=7 "${GITHUB_SHA:-HEAD}")}
IMAGE=$REGISTRY/$APP_NAME:$IMAGE_TAG
CONFIG_REPO=${CONFIG_REPO:-https://github.com/company/myapp-config}
TIMEOUT=${TIMEOUT:-10m}
# The command that tests an environment, whose name is its last argument.
TEST_COMMAND=${TEST_COMMAND:-npm run test:e2e --}

fail() {
	echo "deploy-pipeline.sh: $*" >&2
	exit 1
}

build() {
	docker build -t "$IMAGE" .
	docker scout cves --exit-code --only-severity critical,high "$IMAGE"
	docker push "$IMAGE"
}

# test_environment ENV
test_environment() {
	echo "Testing $1"
	$TEST_COMMAND "$1"
}

# deploy ENV: promote-image clones the repository, changes the kustomization, commits, pushes, and waits until the
# Application has synced this commit and is healthy. A canary that aborts is an error.
deploy() {
	sluice promote-image "$IMAGE" "$APP_NAME-$1" --repo "$CONFIG_REPO" --message "$1: deploy $IMAGE" \
		--timeout "$TIMEOUT"
	test_environment "$1"
}

# runs_image ENV: waits until the environment has the newest commit and is healthy. It is an error if a canary aborts this
# commit, or if the environment then has another image.
runs_image() {
	local revision
	sluice app get "$APP_NAME-$1" --refresh >/dev/null
	revision=$(git ls-remote "$CONFIG_REPO" refs/heads/main | cut -f 1)
	sluice app wait "$APP_NAME-$1" --revision "$revision" --timeout "$TIMEOUT"
	sluice app get "$APP_NAME-$1" -o json | grep -qF "\"$IMAGE\"" || fail "$1 does not run $IMAGE"
}

# verify ENV
verify() {
	runs_image "$1"
	test_environment "$1"
}

# open_pull_request FROM TO: nothing changes in TO until somebody merges the branch.
open_pull_request() {
	local branch
	sluice promote-image "$IMAGE" "$APP_NAME-$2" --review "$APP_NAME-$2" --repo "$CONFIG_REPO" \
		--message "$2: deploy $IMAGE"
	branch=promote-$APP_NAME-$2-$APP_NAME-$IMAGE_TAG
	gh pr create --repo "$CONFIG_REPO" --head "$branch" --base main --title "Promote $APP_NAME to $2: $IMAGE_TAG" --body "\
Image: \`$IMAGE\`
From: $1, which is healthy with this image and passed its tests
To: $2

To undo it, revert the merge commit."
}

# promote FROM TO
promote() {
	runs_image "$1"
	if [ "$2" = production ]; then
		open_pull_request "$1" "$2"
	else
		deploy "$2"
	fi
}

case "${1-}" in
build) build ;;
deploy) deploy "${2:-dev}" ;;
promote) promote "${2:-staging}" "${3:-production}" ;;
verify) verify "${2:-production}" ;;
full-pipeline)
	build
	deploy dev
	promote dev staging
	promote staging production
	;;
*)
	echo "usage: $0 {build|deploy ENV|promote FROM TO|verify ENV|full-pipeline}" >&2
	exit 2
	;;
esac
