/**
 * Writes the documentation of the public API, a folder for each package. Fails on whatever is exported without a comment,
 * or mentioned by what is exported without being exported itself, and on links that lead nowhere.
 */
import { Application, Comment, Converter, ReflectionKind } from 'typedoc';
import { packages, repository } from './entries.mjs';

const gaps = [];
for (const { name, folder, specifier, entries } of packages) {
  const app = await Application.bootstrap({
    name: specifier,
    entryPoints: entries.map(entry => entry.source),
    tsconfig: `${folder}/tsconfig.json`,
    out: `${repository}docs/api/html/${name}`,
    readme: 'none',
    // The build checks types already.
    skipErrorChecking: true,
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    logLevel: 'Warn',
    validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
    requiredToBeDocumented: [
      'Module',
      'Namespace',
      'Enum',
      'EnumMember',
      'Variable',
      'Function',
      'Class',
      'Interface',
      'Constructor',
      'Property',
      'Method',
      'Accessor',
      'TypeAlias',
    ],
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    documentArms(project);
    documentGenerated(project);
  });
  const project = await app.convert();
  if (project !== undefined) {
    nameModules(project, entries);
    app.validate(project);
    validateBases(project, app.logger);
    await app.generateOutputs(project);
  }
  if (app.logger.hasErrors() || app.logger.hasWarnings()) gaps.push(specifier);
}
if (gaps.length > 0) {
  console.error(
    `The public API of ${gaps.join(' and of ')} has gaps: give it doc comments and exports as told above.`,
  );
  process.exitCode = 1;
}

/** Hands the `@prop` tags of a union's comment to the properties of its arms, as TypeDoc does where there is one arm only. */
function documentArms(project) {
  for (const { type, comment } of project.getReflectionsByKind(ReflectionKind.TypeAlias)) {
    if (type?.type !== 'union' || comment === undefined) continue;
    const arms = type.types.filter(arm => arm.type === 'reflection').map(arm => arm.declaration);
    for (const { name, content } of comment.getTags('@prop')) {
      const properties = arms.flatMap(arm => arm.getChildByName([name]) ?? []);
      for (const property of properties) property.comment ??= new Comment(Comment.cloneDisplayParts(content));
    }
  }
}

/**
 * In generated code, a constructor has the comment of the class that it extends, and the key by which types tell the declared
 * errors of a client is left out: `DeclaredErrorsOf` is how to ask for them.
 */
function documentGenerated(project) {
  for (const signature of project.getReflectionsByKind(ReflectionKind.ConstructorSignature)) {
    const [base] = signature.parent.parent.extendedTypes ?? [];
    signature.comment ??= base?.reflection?.getChildByName(['constructor'])?.signatures[0].comment?.clone();
  }
  for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
    if (property.name === '[declaredErrors]' && property.parent.kindOf(ReflectionKind.Interface)) {
      project.removeReflection(property);
    }
  }
}

/** Modules are called by the name under which they are imported, instead of that of their file. */
function nameModules(project, entries) {
  if (entries.length === 1) return;
  for (const module of project.children) {
    const path = project.files.getReflectionPath(module);
    module.name = entries.find(({ source }) => source === path).specifier;
  }
}

/** What an exported type extends is to be exported too. TypeDoc leaves this out of `notExported`. */
function validateBases(project, logger) {
  for (const reflection of Object.values(project.reflections)) {
    for (const base of reflection.extendedTypes ?? []) {
      if (base.type !== 'reference' || base.reflection || base.package !== project.packageName) continue;
      logger.validationWarning(`${base.name} is extended by ${reflection.getFullName()} but not exported`);
    }
  }
}
