import ts from 'typescript';

/** A module that a source file draws on, however it says so. */
export interface ModuleUse {
  /** As written; undefined when a dynamic import computes it. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** A name that a source file mentions in code; comments and strings do not count. */
export interface Mention {
  /** `setTimeout`, `Date.now`, `new Date()`. */
  readonly name: string;
  readonly line: number;
}

export interface SourceFacts {
  /** import, import type, import(), import('…') types, import = require(), require(), export … from. */
  readonly uses: readonly ModuleUse[];
  /** Those of {@link uses} that are `export … from`. */
  readonly reExports: readonly ModuleUse[];
  /** Every identifier, also as the name of a property: `globalThis.setTimeout`, `globalThis['setTimeout']`. */
  readonly names: readonly Mention[];
  /** Globals that code refers to, with the member taken of them: `Date.now`, `process.hrtime`, `process`. */
  readonly globals: readonly Mention[];
}

/** What a TypeScript source draws on and mentions, read from its syntax tree. */
export function readFacts(path: string, text: string): SourceFacts {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const uses: ModuleUse[] = [];
  const reExports: ModuleUse[] = [];
  const names: Mention[] = [];
  const globals: Mention[] = [];
  const lineOf = (node: ts.Node): number =>
    source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node: ts.Node): void => {
    const module = moduleOf(node);
    if (module !== undefined) {
      const use = { specifier: literalText(module), line: lineOf(node) };
      uses.push(use);
      if (ts.isExportDeclaration(node)) reExports.push(use);
    }
    const name = nameOf(node);
    if (name !== undefined) names.push({ name, line: lineOf(node) });
    if (ts.isIdentifier(node) && isReference(node)) {
      for (const text of referenceTexts(node)) globals.push({ name: text, line: lineOf(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { uses, reExports, names, globals };
}

/** The expression that names the module which `node` draws on; undefined when it draws on none. */
function moduleOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return node.argument;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  return isImport || isRequire ? (node.arguments[0] ?? node.expression) : undefined;
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isLiteralTypeNode(node)) return literalText(node.literal);
  return ts.isStringLiteralLike(node) ? node.text : undefined;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isElementAccessExpression(node) ? literalText(node.argumentExpression) : undefined;
}

/** False where an identifier only names a property, a member or a label of its own. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent))
    return parent.getChildAt(0) === node;
  if (ts.isBindingElement(parent)) return parent.propertyName !== node && parent.name !== node;
  const named = parent as ts.Node & { readonly name?: ts.Node };
  return ts.isShorthandPropertyAssignment(parent) || named.name !== node;
}

/** `Date`, and what is done with it: `Date.now`, `new Date()`, `Date()`. */
function referenceTexts(node: ts.Identifier): string[] {
  const { parent, text } = node;
  if (ts.isPropertyAccessExpression(parent)) return [text, `${text}.${parent.name.text}`];
  if (ts.isElementAccessExpression(parent) && parent.expression === node) {
    return [text, `${text}.${literalText(parent.argumentExpression) ?? '?'}`];
  }
  if (ts.isNewExpression(parent) && parent.expression === node) {
    return (parent.arguments?.length ?? 0) === 0 ? [text, `new ${text}()`] : [text];
  }
  if (ts.isCallExpression(parent) && parent.expression === node) return [text, `${text}()`];
  return [text];
}
