"""The native code that adds up trees, as LLVM's text. The same for every model: what differs is read from its `tables`.

`$L` rows go side by side (lanes), a block, and everything is done for all of them. They are first turned, feature by feature; the last
block of a call is filled up with its last row, whose sums are left out. Some blocks go through a tree before the next tree is looked at.
Of a tree that is walked, the rows that have come to a leaf are dropped at every level, so that none waits for the others. `$W` is the type of weights and sums. Each row's sums are added in
the trees' order, starting from zero, as ONNX Runtime adds them; there is no multiplication, so that nothing can be contracted.
What is hard is a missing value: it compares as neither above nor below, so that "not at most" (`ugt`) sends it right, and
"above" (`ogt`) left.
"""

from __future__ import annotations

from string import Template

from seakeep.serving.trees.turning import TURN, WRITE
from seakeep.serving.trees.walking import ADD, CLEARED, WALK

MAIN = Template("""
define void @sums(ptr %rows, i64 %count, i64 %width, ptr %features, i64 %used, ptr %trees, i64 %size, ptr %splits, ptr %steps,
                  ptr %leaves, ptr %out, i64 %targets, ptr %turned, ptr %added, ptr %state, i64 %most) {
entry:
  %last.tree = getelementptr [6 x i64], ptr %trees, i64 %size
  %turned.lanes = mul i64 %used, $L
  %added.lanes = mul i64 %targets, $L
  br label %turns
turns:
  %from = phi i64 [0, %entry], [%from.next, %turns.end]
  %left = sub i64 %count, %from
  %full = icmp ult i64 %left, %most
  %live = select i1 %full, i64 %left, i64 %most
  %filled = add i64 %live, $FILL
  %blocks = udiv i64 %filled, $L
  %turned.size = mul i64 %blocks, %turned.lanes
  %turned.end = getelementptr float, ptr %turned, i64 %turned.size
  %added.size = mul i64 %blocks, %added.lanes
  %added.bytes = mul i64 %added.size, $B
  call void @llvm.memset.p0.i64(ptr %added, i8 0, i64 %added.bytes, i1 false)
  call void @turn(ptr %rows, i64 %from, i64 %live, i64 %width, ptr %features, i64 %used, ptr %turned)
  br label %tree
tree:
  %at = phi ptr [%trees, %turns], [%at.next, %tree.end]
  %kind = load i64, ptr %at, align 8
  %begin.at = getelementptr i64, ptr %at, i64 1
  %begin = load i64, ptr %begin.at, align 8
  %middle.at = getelementptr i64, ptr %at, i64 2
  %middle = load i64, ptr %middle.at, align 8
  %end.at = getelementptr i64, ptr %at, i64 3
  %end = load i64, ptr %end.at, align 8
  %leaf.at = getelementptr i64, ptr %at, i64 4
  %leaf = load i64, ptr %leaf.at, align 8
  %target.at = getelementptr i64, ptr %at, i64 5
  %target = load i64, ptr %target.at, align 8
  %split.begin = getelementptr [16 x i8], ptr %splits, i64 %begin
  %split.middle = getelementptr [16 x i8], ptr %splits, i64 %middle
  %split.end = getelementptr [16 x i8], ptr %splits, i64 %end
  %leaf.first = getelementptr $W, ptr %leaves, i64 %leaf
  %target.lanes = mul i64 %target, $L
  %sum = getelementptr $W, ptr %added, i64 %target.lanes
  br label %block
block:
  %block.turned = phi ptr [%turned, %tree], [%block.turned.next, %block.end]
  %block.sum = phi ptr [%sum, %tree], [%block.sum.next, %block.end]
  switch i64 %kind, label %walked [i64 0, label %narrow
                                   i64 1, label %wide]
narrow:
  call void @add_i32(ptr %block.turned, ptr %split.begin, ptr %split.middle, ptr %split.end, ptr %leaf.first,
                     ptr %block.sum, ptr %state)
  br label %block.end
wide:
  call void @add_i64(ptr %block.turned, ptr %split.begin, ptr %split.middle, ptr %split.end, ptr %leaf.first,
                     ptr %block.sum, ptr %state)
  br label %block.end
walked:
  call void @walk(ptr %block.turned, ptr %steps, i64 %begin, ptr %leaf.first, ptr %block.sum, ptr %state)
  br label %block.end
block.end:
  %block.turned.next = getelementptr float, ptr %block.turned, i64 %turned.lanes
  %block.sum.next = getelementptr $W, ptr %block.sum, i64 %added.lanes
  %block.more = icmp ult ptr %block.turned.next, %turned.end
  br i1 %block.more, label %block, label %tree.end
tree.end:
  %at.next = getelementptr [6 x i64], ptr %at, i64 1
  %tree.more = icmp ult ptr %at.next, %last.tree
  br i1 %tree.more, label %tree, label %turns.end
turns.end:
  call void @write(ptr %added, i64 %from, i64 %live, i64 %targets, ptr %out)
  %from.next = add i64 %from, %live
  %more = icmp ult i64 %from.next, %count
  br i1 %more, label %turns, label %exit
exit:
  ret void
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
""")


def text(lanes: int, weight: str) -> str:
    """The whole program. weight: "double" or "float"."""
    values = {"L": lanes, "FILL": lanes - 1, "W": weight, "B": {"double": 8, "float": 4}[weight]}
    parts = [part.substitute(values) for part in (MAIN, TURN, WRITE, WALK)]
    for mask in ("i32", "i64"):
        ones = "<" + ", ".join([f"{mask} -1"] * lanes) + ">"
        given = {**values, "M": mask, "ONES": ones}
        parts += [CLEARED.substitute(given, C=above) for above in ("ogt", "ugt")]
        parts.append(ADD.substitute(given))
    return "\n".join(parts)
